import type { DatagramHandler, HostPort } from "../../../src/index.js";

/**
 * What a reflector is asked: to answer from some of its endpoints (by index; by default the one that was
 * asked), to the asker or somebody else.
 */
export interface ReflectorRequest {
	readonly id: number;
	readonly from?: readonly number[];
	readonly to?: HostPort;
}

/** What it answers: whom it saw asking, and the index of the endpoint that the answer comes from. */
export interface ReflectorAnswer {
	readonly id: number;
	readonly seen: HostPort;
	readonly at: number;
}

/** A server that tells who it sees, from whichever of its endpoints it is told to. Pure: both halves can run it. */
export function reflector(endpoints: readonly HostPort[]): DatagramHandler {
	return (data, seen, localTo) => {
		const request = JSON.parse(Buffer.from(data).toString("utf8")) as ReflectorRequest;
		const here = endpoints.findIndex(({ ip, port }) => ip === localTo.ip && port === localTo.port);
		return (request.from ?? [here]).map((at) => {
			const answer: ReflectorAnswer = { id: request.id, seen, at };
			const from = endpoints[at];
			return {
				data: Buffer.from(JSON.stringify(answer)),
				...(request.to === undefined ? {} : { to: request.to }),
				...(from === undefined ? {} : { from }),
			};
		});
	};
}
