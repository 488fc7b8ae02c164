"""The loaders of kohya's sd-scripts. Runs in a checkout of sd-scripts."""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
from comparison import effect, error, reference, report, tasks, tensors_compared

sys.path.insert(0, os.getcwd())
import torch
from library import model_util
from networks import lora as lora_network


def results(text_encoder, unet, vae, file):
    ours, said = reference(file)
    found = {
        "text": error(ours["states"], text_encoder(ours["tokens"].long()).last_hidden_state),
        "unet": error(ours["prediction"], unet(ours["latent"], torch.tensor([int(said["timestep"])]), ours["states"]).sample),
    }
    if vae is not None:
        found["encoder"] = error(ours["moments"], vae.encode(ours["image"]).latent_dist.parameters)
        found["decoder"] = error(ours["decoded"], vae.decode(ours["latent"]).sample)
    return found


def together(comparisons):
    return {key: sum((one[key] for one in comparisons), type(comparisons[0][key])()) for key in comparisons[0]}


for task in tasks():
    with torch.no_grad():
        second = task["family"] == "sd21"
        # Loads strictly: a missing or unexpected key is an error.
        text_encoder, vae, unet = model_util.load_models_from_stable_diffusion_checkpoint(second, task["file"])
        for network in (text_encoder, vae, unet):
            network.eval()
        at = lambda file: os.path.join(task["folder"], file)
        compared = together([
            tensors_compared(at("unet/diffusion_pytorch_model.safetensors"), unet.state_dict()),
            tensors_compared(at("vae/diffusion_pytorch_model.safetensors"), vae.state_dict()),
            tensors_compared(at("text_encoder/model.safetensors"), text_encoder.state_dict()),
        ])
        saved = os.path.join(task["saved"], "model.safetensors")
        model_util.save_stable_diffusion_checkpoint(second, saved, text_encoder, unet, None, 0, 0, None, torch.float16, vae)
        report(task, saved=saved, model="SD 2" if second else "SD 1", heard=[], outputs=results(text_encoder, unet, vae, task["reference"]), **compared)
        for lora in task["loras"]:
            network, weights = lora_network.create_network_from_weights(1.0, lora["file"], vae, text_encoder, unet, for_inference=True)
            network.apply_to(text_encoder, unet)
            info = network.load_state_dict(weights, strict=False)
            modules = network.text_encoder_loras + network.unet_loras
            saved = os.path.join(task["saved"], os.path.basename(lora["file"]))
            network.save_weights(saved, torch.float16, {})
            report(lora, saved=saved, patched=len(modules), heard=[str(key) for key in info.missing_keys + info.unexpected_keys], outputs=results(text_encoder, unet, None, lora["reference"]), effect=effect(task, lora))
            for module in modules:
                module.org_module_ref[0].forward = module.org_forward
        del text_encoder, vae, unet, network, modules
