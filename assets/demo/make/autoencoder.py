"""Trains the autoencoder of the demo's base model, and lays out the folder whose UNet and text encoder `dreambooth train --init random` fills.

    python3 autoencoder.py --pictures FOLDER --held-out FOLDER --subject FOLDER --like BASE --out NEW [--seconds 150]

Pictures are made by `dreambooth world` (64 pixels); `--held-out` names others of them, `--subject` the demo's photos. NEW gets the autoencoder with its
weights, and of BASE the tokenizer, the scheduler and the configs of the other networks, without weights. One line of JSON on standard output
says what came out. Needs torch, diffusers, numpy and Pillow; on a GPU it takes as long as it is told to, on a CPU hours.
"""
import argparse
import json
import math
import pathlib
import shutil
import time
from concurrent.futures import ProcessPoolExecutor

import diffusers
import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image

SIDE = 64
FACTOR = 4

parser = argparse.ArgumentParser()
for name in ("pictures", "held-out", "subject", "like", "out"):
    parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
parser.add_argument("--seconds", type=float, default=150, help="of training")
parser.add_argument("--batch", type=int, default=128)
parser.add_argument("--learning-rate", type=float, default=1.5e-3)
parser.add_argument("--kl", type=float, default=2e-4, help="weight of the Kullback-Leibler divergence, per value of a latent")
parser.add_argument("--widths", default="40,80,80")
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(args.seed)


def read(file):
    return np.asarray(Image.open(file).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX))


def pictures_of(folder):
    files = sorted(folder.rglob("*.png"))
    with ProcessPoolExecutor() as pool:
        return torch.from_numpy(np.stack(list(pool.map(read, files, chunksize=256)))).to(device)


def to_network(pixels):
    """uint8 [n, height, width, 3] -> -1 ... 1 [n, 3, height, width]"""
    return pixels.permute(0, 3, 1, 2).float().div(127.5).sub(1).contiguous(memory_format=torch.channels_last)


def half():
    return torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda")


def differences(x):
    """Between neighbours, across and down: edges."""
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


def loss_of(vae, x):
    with half():
        encoded = vae.encode(x).latent_dist
        mean, log_variance = encoded.mean.float(), encoded.logvar.float()
        decoded = vae.decode(mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)).sample
    error = decoded.float() - x
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
    across, down = differences(error)
    squares = error.square().mean()
    return error.abs().mean() + 4 * squares + 0.5 * (across.abs().mean() + down.abs().mean()) + args.kl * kl, squares


@torch.no_grad()
def reconstructions(vae, pixels):
    """Of the means, in f32, as people see them."""
    return torch.cat([vae.decode(vae.encode(to_network(part)).latent_dist.mean).sample.clamp(-1, 1) for part in pixels.split(128)])


def psnr(vae, pixels):
    """Decibels of each picture; the range of a value is 2."""
    squares = (reconstructions(vae, pixels) - to_network(pixels)).square().mean((1, 2, 3))
    return 10 * torch.log10(4 / squares)


started = time.time()
train, held_out, subject = (pictures_of(folder) for folder in (args.pictures, args.held_out, args.subject))
read_in = time.time() - started

widths = tuple(int(width) for width in args.widths.split(","))
vae = AutoencoderKL(
    in_channels=3, out_channels=3, latent_channels=4, layers_per_block=1, norm_num_groups=8, sample_size=SIDE, block_out_channels=widths,
    down_block_types=("DownEncoderBlock2D",) * len(widths), up_block_types=("UpDecoderBlock2D",) * len(widths),
).to(device, memory_format=torch.channels_last)
average = {name: value.detach().clone() for name, value in vae.state_dict().items()}
optimizer = torch.optim.AdamW(vae.parameters(), lr=args.learning_rate, betas=(0.9, 0.99), weight_decay=1e-4, fused=device == "cuda")

begun, steps, told = time.time(), 0, 0.0
while (share := (time.time() - begun) / args.seconds) < 1:
    for group in optimizer.param_groups:
        group["lr"] = args.learning_rate * min(1, (steps + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * share)) + 2e-6
    loss, squares = loss_of(vae, to_network(train[torch.randint(0, len(train), (args.batch,), device=device)]))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
    optimizer.step()
    steps += 1
    rate = max(1 - 0.998, 9 / (10 + steps))
    torch._foreach_lerp_(list(average.values()), [value.detach() for value in vae.state_dict().values()], rate)
    if time.time() - told > 10:
        told = time.time()
        print(f"{told - begun:6.1f} s  step {steps}  {10 * math.log10(4 / squares.item()):.2f} dB", flush=True)
seconds = time.time() - begun

vae.load_state_dict(average)
vae.eval()
with torch.no_grad():
    latents = torch.cat([vae.encode(to_network(part)).latent_dist.sample() for part in held_out.split(128)])
vae.register_to_config(scaling_factor=round(1 / latents.std().item(), 6))

# As it is written: in half precision.
args.out.mkdir(parents=True)
vae.half().to(memory_format=torch.contiguous_format).save_pretrained(args.out / "vae")
vae.float()
scenes, subjects = psnr(vae, held_out), psnr(vae, subject)

for part in ("tokenizer", "scheduler"):
    shutil.copytree(args.like / part, args.out / part)
shutil.copy(args.like / "model_index.json", args.out)
for part, changed in (("unet", {"sample_size": SIDE // FACTOR}), ("text_encoder", {})):
    config = json.loads((args.like / part / "config.json").read_text()) | changed
    (args.out / part).mkdir()
    (args.out / part / "config.json").write_text(json.dumps(config, indent=2) + "\n")

shown = torch.cat([held_out[:28], subject[:4]])
pairs = torch.stack([to_network(shown), reconstructions(vae, shown)], 1).flatten(0, 1).add(1).mul(127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()
sheet = pairs.reshape(8, 8, SIDE, SIDE, 3).transpose(0, 2, 1, 3, 4).reshape(8 * SIDE, 8 * SIDE, 3)
Image.fromarray(sheet).resize((1024, 1024), Image.Resampling.NEAREST).save(args.out.parent / f"{args.out.name}-reconstructions.png")
print(json.dumps({
    "psnr": {"heldOutMean": scenes.mean().item(), "heldOut5thPercentile": scenes.quantile(0.05).item(), "subjectMean": subjects.mean().item(), "subjectLeast": subjects.min().item()},
    "parameters": sum(p.numel() for p in vae.parameters()), "scalingFactor": vae.config.scaling_factor,
    "steps": steps, "batch": args.batch, "seconds": round(seconds, 1), "secondsReading": round(read_in, 1), "seed": args.seed, "widths": widths,
    "pictures": len(train), "heldOut": len(held_out),
    "device": torch.cuda.get_device_name() if device == "cuda" else "CPU", "torch": torch.__version__, "diffusers": diffusers.__version__,
}))
