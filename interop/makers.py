"""Makes files with diffusers, peft and kohya's sd-scripts, and a picture with each. One line of JSON for each file: {"name", "model" or "lora", "picture"}.

Reads from standard input {"base" (a diffusers folder), "out" (an empty folder), "sdScripts" (a checkout, or absent), "prompt", "seed", "size", "steps", "guidance"}. No network is needed.
"""
import json
import os
import sys
import warnings

import diffusers
import peft
import torch
import transformers
from diffusers import StableDiffusionPipeline
from PIL import Image

from picture import make_picture

warnings.filterwarnings("ignore")
diffusers.utils.logging.set_verbosity_error()
transformers.logging.set_verbosity_error()
diffusers.utils.logging.disable_progress_bar()

task = json.load(sys.stdin)
at = lambda *names: os.path.join(task["out"], *names)


def opened(dtype=torch.float32):
    return StableDiffusionPipeline.from_pretrained(task["base"], local_files_only=True, torch_dtype=dtype, safety_checker=None, requires_safety_checker=False)


def made(name, pipe, **file):
    picture = at(name.replace(" ", "-") + ".png")
    Image.fromarray(make_picture(pipe, task).astype("uint8")).save(picture)
    print("RESULT " + json.dumps({"name": name, "picture": picture, **file}), flush=True)


def folders():
    pipe = opened()
    pipe.save_pretrained(at("folder"))
    made("diffusers: save_pretrained", pipe, model=at("folder"))
    pipe.save_pretrained(at("shards"), max_shard_size="1MB")
    assert any(".index.json" in file for file in os.listdir(at("shards", "unet"))), "no shards were written"
    made("diffusers: shards", pipe, model=at("shards"))
    pipe = opened(torch.float16)
    pipe.save_pretrained(at("fp16"), variant="fp16")
    assert os.listdir(at("fp16", "vae")) != os.listdir(at("folder", "vae")), "no variant was written"
    made("diffusers: fp16 variant", pipe.to(torch.float32), model=at("fp16"))


def scatter(parameters, scale):
    """New adapters change nothing: one of their halves is zero."""
    generator = torch.Generator().manual_seed(7)
    for parameter in parameters:
        parameter.data = torch.randn(parameter.shape, generator=generator) * scale


def peft_lora(name, rank, alpha, with_metadata):
    pipe = opened()
    config = lambda targets: peft.LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets)
    pipe.unet.add_adapter(config(["to_q", "to_k", "to_v", "to_out.0", "conv1", "proj_in"]))
    pipe.text_encoder.add_adapter(config(["q_proj", "v_proj", "fc1"]))
    networks = (pipe.unet, pipe.text_encoder)
    scatter([value for network in networks for key, value in network.named_parameters() if "lora_" in key], 0.15)
    states = [diffusers.utils.convert_state_dict_to_diffusers(peft.get_peft_model_state_dict(network)) for network in networks]
    metadata = [network.peft_config["default"].to_dict() for network in networks]
    described = dict(unet_lora_adapter_metadata=metadata[0], text_encoder_lora_adapter_metadata=metadata[1]) if with_metadata else {}
    StableDiffusionPipeline.save_lora_weights(at(name), unet_lora_layers=states[0], text_encoder_lora_layers=states[1], **described)
    return pipe, at(name, "pytorch_lora_weights.safetensors")


def kohya_lora():
    sys.path.insert(0, task["sdScripts"])
    from networks.lora import create_network

    pipe = opened()
    network = create_network(1.0, 4, 2.0, pipe.vae, pipe.text_encoder, pipe.unet, conv_dim="3", conv_alpha="1.5")
    network.apply_to(pipe.text_encoder, pipe.unet)
    scatter(network.parameters(), 0.15)
    network.save_weights(at("kohya.safetensors"), torch.float16, {})
    for parameter in network.parameters():
        parameter.data = parameter.data.half().float()
    return pipe, at("kohya.safetensors")


folders()
for name, rank, alpha, with_metadata in (("peft: save_lora_weights", 4, 4, False), ("peft: save_lora_weights with another alpha", 4, 2, True)):
    pipe, file = peft_lora(name, rank, alpha, with_metadata)
    made(name, pipe, lora=file)
if task.get("sdScripts"):
    pipe, file = kohya_lora()
    made("kohya: save_weights", pipe, lora=file)

versions = ", ".join(f"{module.__name__} {module.__version__}" for module in (diffusers, torch, transformers, peft))
print(f"With {versions}", flush=True)
