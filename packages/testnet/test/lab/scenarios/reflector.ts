import type { DatagramHandler, HostPort } from "../../../src/index.js";

/**
 * What a reflector is asked: to answer from some of its endpoints (by default the one that was asked), to the
 * asker or somebody else.
 */
export interface ReflectorRequest {
	readonly id: number;
	readonly from?: readonly HostPort[];
	readonly to?: HostPort;
}

/** What it answers: whom it saw asking, and the endpoint that the answer comes from. */
export interface ReflectorAnswer {
	readonly id: number;
	readonly seen: HostPort;
	readonly at: HostPort;
}

/** Tells whom it sees, from whichever endpoint it is told to. Pure: both halves can run it. */
export const reflector: DatagramHandler = (data, seen, localTo) => {
	const request = JSON.parse(Buffer.from(data).toString("utf8")) as ReflectorRequest;
	return (request.from ?? [localTo]).map((at) => {
		const answer: ReflectorAnswer = { id: request.id, seen, at };
		return {
			data: Buffer.from(JSON.stringify(answer)),
			from: at,
			...(request.to === undefined ? {} : { to: request.to }),
		};
	});
};
