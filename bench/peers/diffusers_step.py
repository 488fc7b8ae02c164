"""The same training step through PyTorch and diffusers, eager: one line of JSON. Needs torch, diffusers and transformers."""
import argparse, json, resource, time
import diffusers
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextModel

a = argparse.ArgumentParser()
a.add_argument("--model", required=True)
a.add_argument("--resolution", type=int, default=512)
a.add_argument("--batch", type=int, default=1)
a.add_argument("--prior", action="store_true")
a.add_argument("--steps", type=int, default=20)
a.add_argument("--text-encoder", action="store_true")
a.add_argument("--checkpointing", action="store_true")
a.add_argument("--precision", default="f32", choices=["f32", "bf16", "f16"])
a.add_argument("--tf32", action="store_true")
a.add_argument("--lora", type=int, default=0, help="rank; of attention, feed-forward and 1x1 convolutions")
a.add_argument("--sampling", type=int, default=0, help="times one image of so many steps instead, with guidance and decoding, all of it in half precision")
a.add_argument("--threads", type=int, default=0)
o = a.parse_args()

if o.threads:
    torch.set_num_threads(o.threads)
if o.tf32:
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
dev = "cuda" if torch.cuda.is_available() else "cpu"
half = {"f32": None, "bf16": torch.bfloat16, "f16": torch.float16}[o.precision]
frozen_type = half if half is not None and (o.lora or o.sampling) else torch.float32
unet = UNet2DConditionModel.from_pretrained(o.model, subfolder="unet", torch_dtype=frozen_type).to(dev).train()
text = CLIPTextModel.from_pretrained(o.model, subfolder="text_encoder", torch_dtype=frozen_type).to(dev)


def sample_times():
    """Of the second image on: [ms]."""
    vae = AutoencoderKL.from_pretrained(o.model, subfolder="vae", torch_dtype=frozen_type).to(dev)
    scheduler = DDIMScheduler.from_pretrained(o.model, subfolder="scheduler")
    ids = torch.randint(0, text.config.vocab_size, (2, 77), device=dev)
    times = []
    for _ in range(6):
        begin = time.perf_counter()
        with torch.no_grad():
            states = text(ids)[0]
            latents = torch.randn(1, 4, o.resolution // 8, o.resolution // 8, device=dev, dtype=frozen_type)
            scheduler.set_timesteps(o.sampling, device=dev)
            for t in scheduler.timesteps:
                without, with_prompt = unet(torch.cat([latents] * 2), t, states, return_dict=False)[0].chunk(2)
                latents = scheduler.step(without + 7.5 * (with_prompt - without), t, latents, return_dict=False)[0]
            vae.decode(latents / vae.config.scaling_factor, return_dict=False)[0].float().cpu()
        times.append(1e3 * (time.perf_counter() - begin))
    return times[1:]


if o.sampling:
    unet.eval()
    s = sorted(sample_times())
    print(json.dumps(dict(program="diffusers", diffusers=diffusers.__version__, torch=torch.__version__, device=dev, **vars(o), medianMs=s[len(s) // 2], minMs=s[0], maxMs=s[-1])))
    raise SystemExit
if o.checkpointing:
    unet.enable_gradient_checkpointing()
if o.lora:
    from peft import LoraConfig
    unet.requires_grad_(False)
    unet.add_adapter(LoraConfig(r=o.lora, lora_alpha=o.lora, target_modules=["to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "net.0.proj", "net.2"]))
    for parameter in unet.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
groups = [dict(params=[parameter for parameter in unet.parameters() if parameter.requires_grad], lr=2e-6)]
if o.text_encoder:
    text.train()
    groups.append(dict(params=list(text.parameters()), lr=2e-6))
else:
    text.requires_grad_(False)
params = [p for g in groups for p in g["params"]]
opt = torch.optim.AdamW(groups, weight_decay=1e-2)
scaler = torch.amp.GradScaler(dev, enabled=o.precision == "f16" and dev == "cuda")

kinds = 2 if o.prior else 1
rows, side = kinds * o.batch, o.resolution // 8
torch.manual_seed(0)
latents = torch.randn(rows, 4, side, side, device=dev)
ids = torch.randint(0, text.config.vocab_size, (kinds, 77), device=dev)
alphas = torch.linspace(0.999, 0.005, 1000, device=dev)
with torch.no_grad():
    frozen = text(ids)[0]
times, pending = [], None
for step in range(o.steps + 3):
    begin = time.perf_counter()
    noise = torch.randn_like(latents)
    t = torch.randint(0, 1000, (rows,), device=dev)
    at = alphas[t][:, None, None, None]
    noisy = at.sqrt() * latents + (1 - at).sqrt() * noise
    with torch.autocast(dev, dtype=half, enabled=half is not None):
        states = text(ids)[0] if o.text_encoder else frozen
        context = states.repeat_interleave(o.batch, 0)
        prediction = unet(noisy, t, context, return_dict=False)[0]
    loss = sum(F.mse_loss(p.float(), n) for p, n in zip(prediction.chunk(kinds), noise.chunk(kinds)))
    scaler.scale(loss).backward()
    scaler.unscale_(opt)
    torch.nn.utils.clip_grad_norm_(params, 1.0)
    scaler.step(opt)
    scaler.update()
    opt.zero_grad(set_to_none=True)
    # A step is read when the next one has begun, so that neither side waits for the other.
    if pending is not None:
        pending.item()
    pending = loss.detach()
    times.append(1e3 * (time.perf_counter() - begin))
value = pending.item()
s = sorted(times[3:])
print(json.dumps(dict(program="diffusers", diffusers=diffusers.__version__, torch=torch.__version__, device=dev, **{**vars(o), "threads": torch.get_num_threads()},
    medianMs=s[len(s) // 2], minMs=s[0], maxMs=s[-1], loss=value,
    peakResidentBytes=1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    **(dict(peakAllocatedBytes=torch.cuda.max_memory_allocated(), peakReservedBytes=torch.cuda.max_memory_reserved()) if dev == "cuda" else {}))))
