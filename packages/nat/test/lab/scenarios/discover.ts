import { discoverNat, type NatOptions, type NatReport } from "../../../src/index.js";
import { kernelSockets } from "./kernel-sockets.js";

/** A discovery with the kernel's sockets. */
export async function run(input: NatOptions & { af?: 4 | 6 }): Promise<NatReport> {
	const { af = 4, ...options } = input;
	return discoverNat(options, { sockets: kernelSockets(af) });
}
