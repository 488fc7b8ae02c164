"""Pictures by diffusers from the noise that dreambooth begins with, to be compared with its own."""
import numpy as np
import torch
from diffusers import DDIMScheduler

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


def make_picture(pipe, check):
    """check: {"prompt", "seed", "size", "steps", "guidance"}. 8-bit RGB as int32, [size, size, 3]."""
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    side = check["size"] // pipe.vae_scale_factor
    noise = normals(side * side * 4, check["seed"], "latent").reshape(1, side, side, 4)
    latents = torch.from_numpy(noise).permute(0, 3, 1, 2).contiguous()
    with torch.no_grad():
        image = pipe(check["prompt"], negative_prompt="", latents=latents, num_inference_steps=check["steps"], guidance_scale=check["guidance"], output_type="np", height=check["size"], width=check["size"]).images[0]
    return np.round(image * 255).astype(np.int32)
