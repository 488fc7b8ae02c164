"""Loads what dreambooth wrote with diffusers and peft, makes each picture anew from the same noise, and compares. One line of JSON per check.

Needs torch, diffusers, transformers and peft, and no network. Reads a JSON list of checks from standard input:
{"name", "kind": "folder" | "single-file" | "lora", "model", "config" (a diffusers folder, for single files), "lora", "picture", "prompt", "seed", "size", "steps", "guidance"}
"""
import json, sys, warnings

import numpy as np
import torch
import diffusers, peft, transformers
from diffusers import DDIMScheduler, StableDiffusionPipeline
from PIL import Image

warnings.filterwarnings("ignore")
diffusers.utils.logging.set_verbosity_error()
transformers.logging.set_verbosity_error()

M32 = 0xFFFFFFFF


def philox(key, counter):
    """Philox4x32-10 (Salmon et al. 2011). counter: uint64 arrays of four words."""
    k0, k1 = key
    c = [np.asarray(word, dtype=np.uint64) for word in counter]
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        hi0, lo0, hi1, lo1 = p0 >> np.uint64(32), p0 & np.uint64(M32), p1 >> np.uint64(32), p1 & np.uint64(M32)
        c = [hi1 ^ c[1] ^ np.uint64(k0), lo1, hi0 ^ c[3] ^ np.uint64(k1), lo0]
        k0, k1 = (k0 + 0x9E3779B9) & M32, (k1 + 0xBB67AE85) & M32
    return c


def normals(count, seed, stream):
    """The noise of `src/train/random.ts`: blocks of four by Box and Muller."""
    name = 0x811C9DC5
    for byte in stream.encode():
        name = ((name ^ byte) * 0x01000193) & M32
    blocks = np.arange((count + 3) // 4, dtype=np.uint64)
    zero = np.zeros_like(blocks)
    words = philox((seed & M32, (seed >> 32) & M32), [blocks, zero, zero, np.full_like(blocks, name)])
    radius = [np.sqrt(-2 * np.log((words[i].astype(np.float64) + 1) * 2.0**-32)) for i in (0, 2)]
    angle = [words[i].astype(np.float64) * (2 * np.pi * 2.0**-32) for i in (1, 3)]
    values = np.stack([radius[0] * np.cos(angle[0]), radius[0] * np.sin(angle[0]), radius[1] * np.cos(angle[1]), radius[1] * np.sin(angle[1])], 1)
    return values.reshape(-1)[:count].astype(np.float32)


def open_pipeline(check):
    quiet = dict(torch_dtype=torch.float32, safety_checker=None, requires_safety_checker=False)
    if check["kind"] == "single-file":
        return StableDiffusionPipeline.from_single_file(check["model"], config=check["config"], local_files_only=True, torch_dtype=torch.float32, safety_checker=None)
    return StableDiffusionPipeline.from_pretrained(check["model"], local_files_only=True, **quiet)


def keys(check):
    """What diffusers misses in a folder's networks, and what it finds beyond them."""
    if check["kind"] != "folder":
        return {}
    _, unet = diffusers.UNet2DConditionModel.from_pretrained(check["model"], subfolder="unet", output_loading_info=True)
    _, vae = diffusers.AutoencoderKL.from_pretrained(check["model"], subfolder="vae", output_loading_info=True)
    _, text = transformers.CLIPTextModel.from_pretrained(check["model"], subfolder="text_encoder", output_loading_info=True)
    # Older versions of transformers miss the list of positions, which is no weight.
    return {kind: sorted(str(key) for info in (unet, vae, text) for key in info[kind] if "position_ids" not in str(key)) for kind in ("missing_keys", "unexpected_keys")}


for check in json.load(sys.stdin):
    result = {"name": check["name"]}
    try:
        result.update(keys(check))
        pipe = open_pipeline(check)
        pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
        pipe.set_progress_bar_config(disable=True)
        if check.get("lora"):
            pipe.load_lora_weights(check["lora"], adapter_name="trained")
            modules = lambda model: [name for name, module in model.named_modules() if isinstance(module, peft.tuners.lora.LoraLayer)]
            result["patched"] = len(modules(pipe.unet)) + len(modules(pipe.text_encoder))
        side = check["size"] // pipe.vae_scale_factor
        noise = normals(side * side * 4, check["seed"], "latent").reshape(1, side, side, 4)
        latents = torch.from_numpy(noise).permute(0, 3, 1, 2).contiguous()
        with torch.no_grad():
            image = pipe(check["prompt"], negative_prompt="", latents=latents, num_inference_steps=check["steps"], guidance_scale=check["guidance"], output_type="np", height=check["size"], width=check["size"]).images[0]
        ours = np.asarray(Image.open(check["picture"]).convert("RGB")).astype(np.int32)
        difference = np.abs(np.round(image * 255).astype(np.int32) - ours)
        result.update(max=int(difference.max()), mean=round(float(difference.mean()), 4))
    except Exception as error:
        result["error"] = f"{type(error).__name__}: {error}"[:400]
    print(json.dumps(result), flush=True)
print(json.dumps({"versions": {"diffusers": diffusers.__version__, "torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}}))
