"""Stable Diffusion web UI's loaders, started without its page: its model loader and its Lora extension. Runs in a checkout of stable-diffusion-webui.

Usage: a1111.py FOLDER    an empty folder for what it writes
"""
import logging
import os
import shutil
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
from comparison import effect, error, reference, report, tasks, tensors_compared

wanted, data = tasks(), sys.argv[1]
sys.path.insert(0, os.getcwd())
sys.argv = ["webui.py", "--use-cpu", "all", "--no-half", "--precision", "full", "--skip-torch-cuda-test", "--skip-version-check", "--skip-load-model-at-start", "--no-download-sd-model", "--data-dir", data, "--lora-dir", os.path.join(data, "lora")]
os.makedirs(os.path.join(data, "lora"), exist_ok=True)
from modules import initialize

initialize.imports()
initialize.initialize()
import torch
from modules import sd_models, sd_models_config

import networks

failed = []


class Listener(logging.Handler):
    def emit(self, record):
        text = record.getMessage()
        if "Network " in text or "find network" in text:
            failed.append(text[:400])


logging.getLogger().addHandler(Listener())
logging.getLogger().setLevel(logging.DEBUG)


def results(model, vae, file):
    ours, said = reference(file)
    found = {
        "text": error(ours["states"], model.get_learned_conditioning([said["prompt"]])),
        "unet": error(ours["prediction"], model.model.diffusion_model(ours["latent"], torch.tensor([int(said["timestep"])]), context=ours["states"])),
    }
    if vae:
        first = model.first_stage_model
        found["encoder"] = error(ours["moments"], first.encode(ours["image"]).parameters)
        found["decoder"] = error(ours["decoded"], first.decode(ours["latent"]))
    return found


# Tables of the noise schedule, which every version computes anew, and a list of positions: no weights.
NO_WEIGHTS = ("betas", "alphas", "sqrt_", "log_", "posterior_", "model_ema", "logvar", "scale_factor")
no_weight = lambda name: name.startswith(NO_WEIGHTS) or name.endswith("position_ids")

for task in wanted:
    with torch.no_grad():
        if task["family"] == "sd21":
            # Its way of being told that a model predicts v. Without it, it asks the UNet, which only a trained one could answer.
            shutil.copy(sd_models_config.config_sd2v, os.path.splitext(task["file"])[0] + ".yaml")
        model = sd_models.load_model(sd_models.CheckpointInfo(task["file"]))
        # The wrapped names that it gives some modules while it runs.
        theirs = {name.replace(".wrapped.", ".").replace("token_embedding.wrapped", "token_embedding"): value for name, value in model.state_dict().items()}
        report(task, model=f"{model.model_type.name} {model.parameterization}", heard=[], outputs=results(model, True, task["reference"]), **tensors_compared(task["file"], theirs, no_weight))
        del theirs
        for lora in task["loras"]:
            failed.clear()
            name = os.path.splitext(os.path.basename(lora["file"]))[0]
            shutil.copy(lora["file"], os.path.join(data, "lora"))
            networks.list_available_networks()
            networks.load_networks([name], [1.0], [1.0], [None])
            outputs = results(model, False, lora["reference"])
            applied = networks.loaded_networks[0].modules if networks.loaded_networks else {}
            report(lora, patched=len(applied), heard=list(failed), outputs=outputs, effect=effect(task, lora))
            networks.load_networks([])
