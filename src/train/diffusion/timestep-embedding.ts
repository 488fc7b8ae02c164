/**
 * Sinusoidal embedding of timesteps (Ho et al. 2020; Vaswani et al. 2017): with half = width/2 and
 * f_i = 10000^(−i / (half − frequencyShift)), a row is [sin(t·f) ‖ cos(t·f)], or [cos ‖ sin] when flipped. An odd width ends in 0.
 * Returns [timesteps.length, width].
 */
export function timestepEmbedding(timesteps: ArrayLike<number>, width: number, {flipSinToCos, frequencyShift}: {flipSinToCos: boolean; frequencyShift: number}): Float32Array {
	const half = Math.floor(width / 2);
	const embedding = new Float32Array(timesteps.length * width);
	const [sineAt, cosineAt] = flipSinToCos ? [half, 0] : [0, half];
	for (let row = 0; row < timesteps.length; row++) {
		for (let i = 0; i < half; i++) {
			// The angle in 32-bit floats, as the networks were trained with.
			const angle = Math.fround(timesteps[row] * Math.fround(Math.exp((-Math.log(10_000) * i) / (half - frequencyShift))));
			embedding[row * width + sineAt + i] = Math.sin(angle);
			embedding[row * width + cosineAt + i] = Math.cos(angle);
		}
	}
	return embedding;
}
