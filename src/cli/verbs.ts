import type {Command} from 'commander';

/** A verb of the command line. Its module is loaded only when it is the one that was typed: start-up stays short. */
export interface Verb {
	readonly name: string;
	readonly summary: string;
	/** It plans a run, or checks a config: it has to know whether a GPU would train it. */
	readonly plans?: true;
	readonly load: () => Promise<{declare(command: Command): void}>;
}

/** In the order of `dreambooth --help`. */
export const verbs: readonly Verb[] = [
	{name: 'demo', summary: 'teach the embedded demo model a toy robot, in about two minutes', plans: true, load: async () => import('./demo.ts')},
	{name: 'train', summary: 'start a run from a config file, a preset or flags', plans: true, load: async () => import('./train.ts')},
	{name: 'estimate', summary: 'say how much memory a config takes, on this machine or on a card', plans: true, load: async () => import('./estimate.ts')},
	{name: 'inspect', summary: 'show the prompt, bucket and crop of every image before training, and what may harm it', plans: true, load: async () => import('./inspect.ts')},
	{name: 'attach', summary: 'watch a run, from its first step on', load: async () => import('./attach.ts')},
	{name: 'runs', summary: 'list the runs', load: async () => import('./runs.ts')},
	{name: 'pause', summary: 'let a run wait after its step', load: async () => import('./pause.ts')},
	{name: 'resume', summary: 'continue a paused, stopped or crashed run exactly', plans: true, load: async () => import('./resume.ts')},
	{name: 'stop', summary: 'save a run and end it; or at the end of its epoch, or without saving', load: async () => import('./stop.ts')},
	{name: 'sample-now', summary: 'have a run make sample images now', load: async () => import('./sample-now.ts')},
	{name: 'checkpoint-now', summary: 'have a run save a checkpoint now', load: async () => import('./checkpoint-now.ts')},
	{name: 'set-prompts', summary: 'change what the samples of a run show from now on', load: async () => import('./set-prompts.ts')},
	{name: 'learning-rate', summary: 'lower or raise the learning rates of a run', load: async () => import('./learning-rate.ts')},
	{name: 'compare', summary: 'show the loss and the samples of two runs side by side', load: async () => import('./compare.ts')},
	{name: 'sample', summary: 'make images with a model or with what a run has made', plans: true, load: async () => import('./sample.ts')},
	{name: 'show', summary: 'say what a model or LoRA file is: parts, metadata, hashes, and whether its numbers are sound', load: async () => import('./show.ts')},
	{name: 'merge', summary: 'work LoRAs into a model, or mix two models', load: async () => import('./merge.ts')},
	{name: 'extract', summary: 'make a LoRA of the difference of two models', load: async () => import('./extract.ts')},
	{name: 'convert', summary: 'write a model or a LoRA in another form: diffusers folder, single file, number format, names', load: async () => import('./convert.ts')},
	{name: 'world', summary: 'draw captioned pictures of a small world: to train networks from random weights, or to try things out', load: async () => import('./world.ts')},
	{name: 'presets', summary: 'list, show, import, export, rename, copy and remove presets', plans: true, load: async () => import('./presets.ts')},
	{name: 'explain', summary: 'say what a setting does', plans: true, load: async () => import('./explain.ts')},
	{name: 'setup', summary: 'get and check the TensorFlow runtime', load: async () => import('./setup.ts')},
	{name: 'doctor', summary: 'check whether this machine can train, and say what is missing', load: async () => import('./doctor.ts')},
];
