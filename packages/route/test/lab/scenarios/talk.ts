import { once } from "node:events";
import { type BindOptions, kernelRoute, Route, type RouteNic, type SocketFactory } from "@p2pd/route";
import { type Family, IPRange } from "@p2pd/address";

export interface TalkInput {
	readonly af: Family;
	/** Null: the kernel's own choice. */
	readonly nic: { readonly name: string; readonly isDefault: boolean; readonly ip: string } | null;
	readonly bind?: BindOptions;
	readonly proto: "tcp" | "udp";
	readonly to: { readonly ip: string; readonly port: number };
	readonly localPort: number;
	/** Runs as this user instead of root. */
	readonly uid?: number;
	/** In ms, after which the talk is given up. */
	readonly timeout?: number;
}

/** Says "hello" by a route and gives back what was answered, and from where it was said. */
export async function run(input: TalkInput) {
	if (input.uid !== undefined) {
		process.setgroups?.([]);
		process.setgid?.(input.uid);
		process.setuid?.(input.uid);
	}
	const factory = await factoryOf(input);
	const signal = AbortSignal.timeout(input.timeout ?? 5000);
	const said = input.proto === "tcp" ? await overTcp(factory, input, signal) : await overUdp(factory, input, signal);
	return {
		...said,
		uid: process.getuid?.(),
		localIp: factory.localIp,
		deviceBinding: "deviceBinding" in factory ? factory.deviceBinding : null,
		reachability: "reachability" in factory ? (factory as { reachability(ip: string): unknown }).reachability(input.to.ip) : null,
	};
}

async function factoryOf({ af, nic, bind }: TalkInput): Promise<SocketFactory> {
	if (nic === null) return kernelRoute(af);
	const routeNic: RouteNic = { name: nic.name, index: null, isDefault: () => nic.isDefault };
	const route = new Route({ af, nic: routeNic, nicIps: [new IPRange(nic.ip)], extIps: [] });
	return route.bind(bind);
}

async function overTcp(factory: SocketFactory, { to, localPort }: TalkInput, signal: AbortSignal) {
	const socket = await factory.connect({ ...to, localPort, signal });
	socket.write("hello");
	const [answer] = (await once(socket, "data", { signal })) as [Buffer];
	const source = socket.localAddress;
	socket.destroy();
	return { answer: answer.toString(), source };
}

async function overUdp(factory: SocketFactory, { to, localPort }: TalkInput, signal: AbortSignal) {
	const socket = await factory.udp({ port: localPort, to: to.ip, signal });
	socket.send("hello", to.port, to.ip);
	const [answer] = (await once(socket, "message", { signal })) as [Buffer];
	const source = socket.address().address;
	socket.close();
	return { answer: answer.toString(), source };
}
