import { once } from "node:events";
import { IPRange } from "@p2pd/address";
import type { Family, NicRef, SocketFactory } from "@p2pd/net";
import { type BindOptions, kernelRoute, Route } from "@p2pd/route";

/** One talk: "hello" by a route to an echo server. */
export interface Talk {
	readonly af: Family;
	/** Null: the kernel's own choice. */
	readonly nic: { readonly name: string; readonly isDefault: boolean; readonly ip: string } | null;
	readonly bind?: BindOptions;
	readonly proto: "tcp" | "udp";
	readonly to: { readonly ip: string; readonly port: number };
	readonly localPort: number;
	readonly ttl?: number;
	/** In ms, after which the talk is given up. @default 5000 */
	readonly timeout?: number;
}

/** What came of a talk: the answer and where it was said from, or the error. */
export type Talked =
	| { readonly answer: string; readonly source: string | undefined; readonly deviceBinding: string | null }
	| { readonly error: string; readonly problem: string | null; readonly errno: string | null };

export interface TalksInput {
	readonly talks: readonly Talk[];
	/** Runs as this user instead of root. */
	readonly uid?: number;
}

/** Has the talks one after the other, and says as which user. */
export async function run({
	talks,
	uid,
}: TalksInput): Promise<{ uid: number | undefined; talked: Talked[] }> {
	if (uid !== undefined) {
		process.setgroups?.([]);
		process.setgid?.(uid);
		process.setuid?.(uid);
	}
	const talked: Talked[] = [];
	for (const talk of talks) talked.push(await have(talk));
	return { uid: process.getuid?.(), talked };
}

async function have(talk: Talk): Promise<Talked> {
	const signal = AbortSignal.timeout(talk.timeout ?? 5000);
	try {
		const factory = await factoryOf(talk);
		const said = await (talk.proto === "tcp"
			? overTcp(factory, talk, signal)
			: overUdp(factory, talk, signal));
		return { ...said, deviceBinding: "deviceBinding" in factory ? String(factory.deviceBinding) : null };
	} catch (error) {
		const { name, code, problem, errno } = error as Error &
			Partial<Record<"code" | "problem" | "errno", string>>;
		return { error: typeof code === "string" ? code : name, problem: problem ?? null, errno: errno ?? null };
	}
}

async function factoryOf({ af, nic, bind }: Talk): Promise<SocketFactory> {
	if (nic === null) return kernelRoute(af);
	const routeNic: NicRef = { name: nic.name, index: null, isDefault: () => nic.isDefault };
	const route = new Route({ af, nic: routeNic, nicIps: [new IPRange(nic.ip)], extIps: [] });
	return route.bind(bind);
}

async function overTcp(factory: SocketFactory, { to, localPort, ttl }: Talk, signal: AbortSignal) {
	const socket = await factory.connect({ ...to, localPort, signal, ...(ttl === undefined ? {} : { ttl }) });
	socket.write("hello");
	const [answer] = (await once(socket, "data", { signal })) as [Buffer];
	const source = socket.localAddress;
	socket.destroy();
	return { answer: answer.toString(), source };
}

async function overUdp(factory: SocketFactory, { to, localPort, ttl }: Talk, signal: AbortSignal) {
	const options = { port: localPort, to: to.ip, signal, ...(ttl === undefined ? {} : { ttl }) };
	const socket = await factory.udp(options);
	try {
		socket.send("hello", to.port, to.ip);
		const [answer] = (await once(socket, "message", { signal })) as [Buffer];
		return { answer: answer.toString(), source: socket.address().address };
	} finally {
		socket.close();
	}
}
