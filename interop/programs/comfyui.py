"""ComfyUI's loader: what "Load Checkpoint" and "Load LoRA" call. Runs in a checkout of ComfyUI."""
import logging
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
from comparison import effect, error, reference, report, tasks, tensors_compared

sys.path.insert(0, os.getcwd())
sys.argv = ["main.py", "--cpu", "--fp32-text-enc"]
import comfy.options

comfy.options.enable_args_parsing()
import torch
import comfy.lora
import comfy.model_management
import comfy.sd
import comfy.utils

heard = []


class Listener(logging.Handler):
    def emit(self, record):
        text = record.getMessage()
        if any(word in text.lower() for word in ("missing", "unexpected", "left over", "not loaded", "error")):
            heard.append(text[:400])


logging.getLogger().addHandler(Listener())


# A list of positions, and ComfyUI's own mark of a model that predicts v.
no_weight = lambda name: name.endswith("position_ids") or name == "v_pred"


def results(patcher, clip, vae, file):
    ours, said = reference(file)
    comfy.model_management.load_models_gpu([patcher], force_patch_weights=True)
    network = patcher.model.diffusion_model
    states = clip.encode_from_tokens(clip.tokenize(said["prompt"]))
    timestep = torch.tensor([float(said["timestep"])])
    found = {
        "text": error(ours["states"], states),
        "unet": error(ours["prediction"], network(ours["latent"], timestep, context=ours["states"])),
    }
    if vae is not None:
        first = vae.first_stage_model.float()
        found["encoder"] = error(ours["moments"], first.quant_conv(first.encoder(ours["image"])))
        found["decoder"] = error(ours["decoded"], first.decode(ours["latent"]))
    # As the sampler uses it: sigma and the kind of prediction that the loader has recognized.
    model = patcher.model
    sigma = model.model_sampling.sigma(timestep)
    noisy = ours["latent"] * (sigma**2 + 1) ** 0.5
    wanted = noisy - sigma * ours["prediction"] if said["prediction"] == "epsilon" else noisy / (sigma**2 + 1) - ours["prediction"] * sigma / (sigma**2 + 1) ** 0.5
    found["denoised"] = error(wanted, model.apply_model(noisy, sigma, c_crossattn=ours["states"]))
    return found


for task in tasks():
    with torch.no_grad():
        heard.clear()
        patcher, clip, vae, _ = comfy.sd.load_checkpoint_guess_config(task["file"], embedding_directory=None)
        model = patcher.model
        # What "Save Checkpoint" would write.
        theirs = model.state_dict_for_saving(clip.get_sd(), vae.get_sd())
        saved = os.path.join(task["saved"], "model.safetensors")
        comfy.sd.save_checkpoint(saved, patcher, clip, vae)
        report(task, saved=saved, model=f"{type(model.model_config).__name__} {model.model_type.name}", heard=list(heard), outputs=results(patcher, clip, vae, task["reference"]), **tensors_compared(task["file"], theirs, no_weight))
        del theirs
        for lora in task["loras"]:
            heard.clear()
            values = comfy.utils.load_torch_file(lora["file"], safe_load=True)
            patched, patched_clip = comfy.sd.load_lora_for_models(patcher, clip, values, 1.0, 1.0)
            count = len(patched.patches) + len(patched_clip.patcher.patches)
            report(lora, patched=count, heard=list(heard), outputs=results(patched, patched_clip, None, lora["reference"]), effect=effect(task, lora))
            comfy.model_management.unload_all_models()
        del patcher, clip, vae, model, patched, patched_clip
        comfy.model_management.cleanup_models_gc()
