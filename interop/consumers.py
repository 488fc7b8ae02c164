"""Loads what dreambooth wrote with diffusers and peft, makes each picture anew from the same noise, and compares. One line of JSON per check.

Needs torch, diffusers, transformers and peft, and no network. Reads a JSON list of checks from standard input:
{"name", "kind": "folder" | "single-file" | "lora", "model", "config" (a diffusers folder, for single files), "lora", "picture", "prompt", "seed", "size", "steps", "guidance"}
"""
import json, sys, warnings

import numpy as np
import torch
import diffusers, peft, transformers
from diffusers import StableDiffusionPipeline
from PIL import Image

from picture import make_picture

warnings.filterwarnings("ignore")
diffusers.utils.logging.set_verbosity_error()
transformers.logging.set_verbosity_error()


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
        if check.get("lora"):
            pipe.load_lora_weights(check["lora"], adapter_name="trained")
            modules = lambda model: [name for name, module in model.named_modules() if isinstance(module, peft.tuners.lora.LoraLayer)]
            result["patched"] = len(modules(pipe.unet)) + len(modules(pipe.text_encoder))
        ours = np.asarray(Image.open(check["picture"]).convert("RGB")).astype(np.int32)
        difference = np.abs(make_picture(pipe, check) - ours)
        result.update(max=int(difference.max()), mean=round(float(difference.mean()), 4))
    except Exception as error:
        result["error"] = f"{type(error).__name__}: {error}"[:400]
    print(json.dumps(result), flush=True)
print(json.dumps({"versions": {"diffusers": diffusers.__version__, "torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}}))
