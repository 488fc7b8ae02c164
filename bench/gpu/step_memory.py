"""Compiles a training step for an H200 on a machine that has no GPU, and says what memory XLA plans for it.

    npx tsx bench/gpu/step-program.ts --model sd15 --out step.hlo.pb
    python bench/gpu/step_memory.py step.hlo.pb

One line of JSON. Exact is what XLA decides when it compiles: which values share memory and how long each is kept. Not in it: scratch memory of
cuDNN's and cuBLAS's kernels, which are chosen by trying them on a GPU, and what CUDA and the libraries take themselves. Needs jax and jax-cuda12-plugin
with its libraries (`pip install jax==0.9.0.1 'jax-cuda12-plugin[with-cuda]==0.9.0.1'`), of about the age of TensorFlow 2.21; minutes for SD 1.5.
"""
import argparse
import json
import logging
import os
import re
import time

os.environ.setdefault("JAX_SKIP_CUDA_CONSTRAINTS_CHECK", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_gpu_autotune_level=0 --xla_gpu_enable_triton_gemm=false")
os.environ["JAX_PLATFORMS"] = "cpu"
logging.disable(logging.ERROR)

from jax._src.interpreters import mlir  # noqa: E402
from jax._src.lib.mlir import ir  # noqa: E402
from jax.experimental import topologies  # noqa: E402
from jaxlib import xla_client  # noqa: E402

# What XLA wants to know of a GPU, by NVIDIA's data sheet.
H200 = """
gpu_device_info {
  threads_per_block_limit: 1024 threads_per_warp: 32 threads_per_core_limit: 2048
  shared_memory_per_block: 49152 shared_memory_per_core: 233472 shared_memory_per_block_optin: 232448
  core_count: 132 fpus_per_core: 128 clock_rate_ghz: 1.98
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
  memory_bandwidth: 4800000000000 l2_cache_size: 52428800 device_memory_size: 150000000000
  registers_per_core_limit: 65536 registers_per_block_limit: 65536
  cuda_compute_capability { major: 9 minor: 0 }
}
platform_name: "CUDA"
dnn_version_info { major: 9 minor: 19 patch: 0 }
runtime_version { major: 12 minor: 9 patch: 0 }
device_description_str: "NVIDIA H200"
"""

parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("--optimized", help="file to write what XLA makes of it to, as text")


def module_of(file):
    """HloProto, whose first field is the module -> StableHLO as text."""
    proto = open(file, "rb").read()
    size, shift, at = 0, 0, 1
    while True:
        byte = proto[at]
        size |= (byte & 127) << shift
        shift, at = shift + 7, at + 1
        if byte < 128:
            break
    text = xla_client._xla.mlir.xla_computation_to_mlir_module(xla_client._xla.XlaComputation(proto[at : at + size]))
    # A value that is returned as it came, which TensorFlow writes as a copy of it.
    return re.sub(r"mhlo\.copy (%[\w#]+) :", r"stablehlo.optimization_barrier \1 :", text)


def main():
    args = parser.parse_args()
    device = topologies.get_topology_desc(platform="cuda", topology_name="gpu", target_config=H200, topology="1x1x1").devices[0]
    with mlir.make_ir_context():
        module = ir.Module.parse(module_of(args.program))
        begun = time.time()
        compiled = device.client.compile(module, xla_client.DeviceList((device,)), xla_client.CompileOptions())
    seconds = time.time() - begun
    stats = compiled.get_compiled_memory_stats()
    if args.optimized:
        with open(args.optimized, "w") as file:
            file.write(compiled.hlo_modules()[0].to_string())
    held = stats.argument_size_in_bytes + stats.output_size_in_bytes - stats.alias_size_in_bytes
    print(json.dumps({"program": args.program, "heldBytes": held, "temporaryBytes": stats.temp_size_in_bytes, "bytes": held + stats.temp_size_in_bytes, "seconds": round(seconds, 1)}))


if __name__ == "__main__":
    main()
