import { randomBytes } from "node:crypto";

/** Gives `size` random bytes. Whatever guards against an attacker needs a cryptographic source. */
export type RandomBytes = (size: number) => Uint8Array;

/** The operating system's cryptographic random source. */
export const systemRandom: RandomBytes = (size) => randomBytes(size);
