/**
 * How much of the average stays at an update: shadow ← d·shadow + (1 − d)·parameter.
 * - `diffusers`: d = (1 + s)/(10 + s), so the average follows quickly at first;
 * - `warmup`: d = 1 − (1 + s/gamma)^(−power), slower;
 * - `constant`: d = decay from the first update on.
 * In the first two `decay` is the upper limit and the first update copies the parameters (d = 0).
 */
export type EmaRule =
	| {readonly kind: 'diffusers' | 'constant'; readonly decay: number}
	| {readonly kind: 'warmup'; readonly decay: number; readonly gamma: number; readonly power: number};

/** d for the next update when `updatesDone` came before it (diffusers' EMAModel). */
export function emaDecay(rule: EmaRule, updatesDone: number): number {
	if (rule.kind === 'constant') return rule.decay;
	if (updatesDone === 0) return 0;
	const rising = rule.kind === 'warmup' ? 1 - (1 + updatesDone / rule.gamma) ** -rule.power : (1 + updatesDone) / (10 + updatesDone);
	return Math.min(rising, rule.decay);
}
