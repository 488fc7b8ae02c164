"""Trains a UNet and a text encoder from random weights with PyTorch, diffusers and transformers: what `dreambooth train --init random` does, side by side.

    python bench/peers/diffusers_pretrain.py --model FOLDER --pictures FOLDER --batch 256 --steps 2000 [--compile]

FOLDER of the model: a diffusers folder with an autoencoder and the configs of the rest; of the pictures: made by `dreambooth world`. Latents are encoded once
and lie on the GPU. Prints the loss and the pictures a second as it goes, a line of JSON at a time; the last one sums up.
"""
import argparse
import json
import math
import pathlib
import time
from concurrent.futures import ProcessPoolExecutor

import diffusers
import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, UNet2DConditionModel
from PIL import Image
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

parser = argparse.ArgumentParser()
parser.add_argument("--model", type=pathlib.Path, required=True)
parser.add_argument("--pictures", type=pathlib.Path, required=True)
parser.add_argument("--batch", type=int, default=256)
parser.add_argument("--steps", type=int, default=2000, help="to do")
parser.add_argument("--of", type=int, help="steps of the whole schedule; all of them when left out")
parser.add_argument("--learning-rate", type=float, default=1e-3)
parser.add_argument("--warm-up", type=int, default=300)
parser.add_argument("--caption-dropout", type=float, default=0.1)
parser.add_argument("--average", type=float, default=0.9995)
parser.add_argument("--compile", action="store_true")
parser.add_argument("--tell-every", type=int, default=50)


def read(file):
    return np.asarray(Image.open(file).convert("RGB"))


def main():
    args = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    files = sorted(args.pictures.rglob("*.png"))
    with ProcessPoolExecutor() as pool:
        pictures = torch.from_numpy(np.stack(list(pool.map(read, files, chunksize=256))))
    tokenizer = CLIPTokenizer.from_pretrained(args.model / "tokenizer")
    tokens = lambda texts: tokenizer(texts, padding="max_length", truncation=True, max_length=77, return_tensors="pt").input_ids.to(device)
    captions = tokens([file.with_suffix(".txt").read_text().strip() for file in files])
    nothing = tokens([""])

    vae = AutoencoderKL.from_pretrained(args.model, subfolder="vae", torch_dtype=torch.float32).to(device)
    means, deviations = [], []
    with torch.no_grad():
        for part in pictures.split(512):
            encoded = vae.encode(part.to(device).permute(0, 3, 1, 2).float().div(127.5).sub(1)).latent_dist
            means.append(encoded.mean)
            deviations.append(encoded.std)
    means, deviations = torch.cat(means) * vae.config.scaling_factor, torch.cat(deviations) * vae.config.scaling_factor

    unet = UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(args.model / "unet")).to(device).train()
    text = CLIPTextModel(CLIPTextConfig.from_pretrained(args.model / "text_encoder")).to(device, dtype=torch.float32).train()
    parameters = [*unet.parameters(), *text.parameters()]
    average = [parameter.detach().clone() for parameter in parameters]
    optimizer = torch.optim.AdamW(parameters, lr=args.learning_rate, betas=(0.9, 0.99), weight_decay=1e-2, fused=device == "cuda")
    signal = torch.cumprod(1 - torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2, 0).float().to(device)

    def loss_of(latents, noise, timesteps, ids):
        kept = signal[timesteps][:, None, None, None]
        with torch.autocast(device, dtype=torch.bfloat16):
            prediction = unet(kept.sqrt() * latents + (1 - kept).sqrt() * noise, timesteps, text(ids)[0], return_dict=False)[0]
        return F.mse_loss(prediction.float(), noise)

    step_loss = torch.compile(loss_of, dynamic=False) if args.compile else loss_of
    whole = args.of or args.steps
    waiting, seconds, begun = [], 0.0, None
    for step in range(args.steps):
        rate = args.learning_rate * (min(1, (step + 1) / args.warm_up) if step < args.warm_up else 0.5 + 0.5 * math.cos(math.pi * (step - args.warm_up) / (whole - args.warm_up)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        rows = torch.randint(0, len(files), (args.batch,), device=device)
        latents = means[rows] + deviations[rows] * torch.randn_like(means[rows])
        ids = torch.where((torch.rand(args.batch, device=device) < args.caption_dropout)[:, None], nothing, captions[rows])
        loss = step_loss(latents, torch.randn_like(latents), torch.randint(0, 1000, (args.batch,), device=device), ids)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        torch._foreach_lerp_(average, [parameter.detach() for parameter in parameters], 1 - min(args.average, (1 + step) / (10 + step)))
        waiting.append(loss.detach())
        if (step + 1) % args.tell_every == 0:
            losses = torch.stack(waiting).tolist()
            now = time.time()
            # The first of them compile.
            if begun is not None:
                seconds += now - begun
            done = 0 if begun is None else step + 1 - args.tell_every
            print(json.dumps({"step": step + 1, "samples": (step + 1) * args.batch, "loss": sum(losses) / len(losses), "picturesPerSecond": round(done * args.batch / seconds) if seconds else None}), flush=True)
            waiting, begun = [], now
    print(json.dumps({
        "program": "diffusers", "compiled": args.compile, "batch": args.batch, "steps": args.steps, "picturesPerSecond": round((args.steps - args.tell_every) * args.batch / seconds) if seconds else None,
        "pictures": len(files), "torch": torch.__version__, "diffusers": diffusers.__version__, "device": torch.cuda.get_device_name() if device == "cuda" else "CPU",
    }))


if __name__ == "__main__":
    main()
