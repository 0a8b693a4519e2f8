import type { RandomBytes } from "@p2pd/stun-client";

/** Random whole number from `min` to `max`, both included. */
export type Pick = (min: number, max: number) => number;

/** Random whole numbers from random bytes; the bias of the remainder is below 2^-32. */
export function picker(random: RandomBytes): Pick {
	return (min, max) => {
		const bytes = random(6);
		let value = 0;
		for (const byte of bytes) value = value * 256 + byte;
		return min + (value % (max - min + 1));
	};
}
