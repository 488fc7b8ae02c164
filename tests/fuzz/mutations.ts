import type {Dice} from './dice.ts';

/** Stands for a value that JSON.stringify cannot write, such as one nested too deep. */
const DEEP = '\u0001deep\u0001';
const deepText = '['.repeat(20_000) + ']'.repeat(20_000);

const extremes: readonly unknown[] = [
	null, true, false, 0, -1, 1, 2, 7, 0.5, -0.5, 255, 65_536, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 1e21, 1e308, -1e308, 5e-324,
	'', ' ', 'x', '__proto__', 'constructor', 'F16', 'F8_E4M3', 'epsilon', '../../../etc', '\u0000', '\uD800', 'ÿ'.repeat(3), 'a'.repeat(5000), '1e9',
	[], {}, [[]], [null], [0], [-1], [1e9], [1.5], [2 ** 53], ['x'], [[1], [2]], Array.from({length: 300}, () => 1), {a: {}}, {length: 3}, DEEP,
];

type Holder = Record<string | number, unknown>;

/** Every place in a JSON value that holds a value. */
function placesIn(value: unknown, depth = 0): {holder: Holder; key: string | number}[] {
	if (typeof value !== 'object' || value === null || depth > 6) return [];
	const keys = Array.isArray(value) ? [...value.keys()].slice(0, 40) : Object.keys(value);
	return keys.flatMap(key => [{holder: value as Holder, key}, ...placesIn((value as Holder)[key], depth + 1)]);
}

/** A JSON text whose value was changed in one to three places. */
export function mutateJson(original: unknown, dice: Dice): string {
	let value: unknown = structuredClone(original);
	for (let changes = 1 + dice.below(3); changes > 0; changes--) {
		const places = placesIn(value);
		if (places.length === 0 || dice.once(60)) {
			value = structuredClone(dice.pick(extremes));
			continue;
		}
		const {holder, key} = dice.pick(places);
		const old = holder[key];
		switch (dice.below(8)) {
			case 0: {
				if (Array.isArray(holder)) holder.splice(Number(key), 1);
				else delete holder[key];
				break;
			}
			case 1: {
				if (!Array.isArray(holder)) {
					delete holder[key];
					Object.defineProperty(holder, dice.pick(['__proto__', 'x', `${key}s`, String(key).toUpperCase(), '', '0']), {value: old, enumerable: true, configurable: true, writable: true});
				}
				break;
			}
			case 2: {
				const other = dice.pick(places);
				holder[key] = structuredClone(other.holder[other.key]);
				break;
			}
			case 3: {
				holder[key] = typeof old === 'number' ? dice.pick([old + 1, old - 1, -old, old * 1000, old + 0.5, String(old), [old]]) : Array.isArray(old) ? [...old, ...old] : [old];
				break;
			}
			default: {
				holder[key] = structuredClone(dice.pick(extremes));
			}
		}
	}
	return (JSON.stringify(value) ?? '').replaceAll(JSON.stringify(DEEP), deepText);
}

/** Bytes with some of them changed, cut out, doubled or added. */
export function mutateBytes(original: Uint8Array, dice: Dice): Uint8Array {
	let bytes = Uint8Array.from(original);
	for (let changes = 1 + dice.below(3); changes > 0; changes--) {
		const at = dice.below(bytes.length);
		switch (dice.below(7)) {
			case 0: {
				bytes = bytes.slice(0, at);
				break;
			}
			case 1: {
				const length = dice.below(64);
				bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(Math.min(bytes.length, at + length))]);
				break;
			}
			case 2: {
				bytes = Uint8Array.from([...bytes, ...Array.from({length: 1 + dice.below(40)}, () => dice.below(256))]);
				break;
			}
			case 3: {
				bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(Math.max(0, at - dice.below(64)))]);
				break;
			}
			case 4: {
				if (bytes.length > 0) bytes[at] ^= 1 << dice.below(8);
				break;
			}
			case 5: {
				if (bytes.length > 0) bytes[at] = dice.pick([0x22, 0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d, 0x2d, 0x30, 0x39, 0x65, 0x5c, 0x20, 0xff, 0x00]);
				break;
			}
			default: {
				if (bytes.length > 0) bytes[at] = dice.below(256);
			}
		}
	}
	return bytes;
}

/** A text, mostly changed as JSON, sometimes as bytes. */
export function mutateText(original: string, dice: Dice): Uint8Array {
	return dice.once(3) ? mutateBytes(Buffer.from(original), dice) : Buffer.from(mutateJson(JSON.parse(original), dice));
}
