import type { HostPort } from "../../../src/index.js";
import { type NatObservation, observeNat } from "./observe-nat.js";
import { realSockets } from "./real-sockets.js";

/** `observeNat` with the kernel's sockets. */
export async function run(input: { ip: string; endpoints: HostPort[] }): Promise<NatObservation> {
	return observeNat(realSockets(input.ip), input.endpoints);
}
