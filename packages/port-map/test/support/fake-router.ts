import { createSocket, type Socket } from "node:dgram";
import { createServer, type Server } from "node:http";
import { encodeNatPmpMap } from "../../src/nat-pmp.js";

/** What a router on a loopback address speaks, and how. */
export interface FakeRouterOptions {
	readonly ip: string;
	readonly pcp?: "grant" | "refuse" | "garbage";
	readonly natPmp?: "grant" | "refuse";
	/** What AddPortMapping answers, in turn: an error code, or 0 for success. The last one stays. */
	readonly upnp?: {
		readonly codes?: readonly number[];
		readonly version?: 1 | 2;
		readonly location?: string;
	};
	/** In s. */
	readonly lifetime?: number;
	readonly externalIp?: string;
}

/** The router, and what it was asked. */
export interface FakeRouter {
	/** `protocol port` of every mapping that it holds. */
	readonly mappings: Set<string>;
	/** Every request, in order: `pcp map`, `nat-pmp address`, `upnp AddPortMapping`. */
	readonly asked: string[];
	/** Forgets everything, and its epoch starts again. */
	restart(): void;
	close(): Promise<void>;
}

const bound = (socket: Socket, port: number, ip: string): Promise<void> =>
	new Promise((resolve, reject) => {
		socket.once("error", reject);
		socket.bind(port, ip, resolve);
	});

/** Starts it on loopback, at the ports of the real protocols. */
export async function fakeRouter(options: FakeRouterOptions): Promise<FakeRouter> {
	const { ip, lifetime = 3600, externalIp = "203.0.113.7" } = options;
	const mappings = new Set<string>();
	const asked: string[] = [];
	let started = Date.now();
	const epoch = (): number => Math.floor((Date.now() - started) / 1000) + 1000;
	const pcpSocket = createSocket("udp4");
	await bound(pcpSocket, 5351, ip);
	pcpSocket.on("message", (data, from) => {
		const answer = data[0] === 2 ? pcpAnswer(data) : pmpAnswer(data);
		if (answer !== null) pcpSocket.send(answer, from.port, from.address);
	});

	function pcpAnswer(data: Buffer): Buffer | null {
		asked.push(`pcp ${data[1] === 1 ? "map" : "announce"}`);
		if (options.pcp === undefined)
			return options.natPmp === undefined ? null : Buffer.from([0, 0x80, 0, 1, 0, 0, 0, 0]);
		if (options.pcp === "garbage") return Buffer.from("garbage, not PCP");
		const answer = Buffer.alloc(data[1] === 1 ? 60 : 24);
		answer[0] = 2;
		answer[1] = 0x80 | (data[1] ?? 0);
		answer[3] = options.pcp === "refuse" && data[1] === 1 ? 2 : 0;
		const wanted = data.readUInt32BE(4);
		answer.writeUInt32BE(wanted === 0 ? 0 : lifetime, 4);
		answer.writeUInt32BE(restarted ? epoch() - 1000 : epoch(), 8);
		if (data[1] === 1) {
			data.copy(answer, 24, 24, 44);
			const external = data.readUInt16BE(42) || data.readUInt16BE(40);
			answer.writeUInt16BE(external, 42);
			Buffer.from([...Array<number>(10).fill(0), 255, 255, ...externalIp.split(".").map(Number)]).copy(
				answer,
				44,
			);
			const key = `${data[36] === 6 ? "tcp" : "udp"} ${external}`;
			if (answer[3] === 0) wanted === 0 ? mappings.delete(key) : mappings.add(key);
		}
		return answer;
	}

	let restarted = false;
	function pmpAnswer(data: Buffer): Buffer | null {
		asked.push(`nat-pmp ${data[1] === 0 ? "address" : "map"}`);
		if (options.natPmp === undefined) return null;
		const head = Buffer.alloc(8);
		head[1] = 0x80 | (data[1] ?? 0);
		head.writeUInt16BE(options.natPmp === "refuse" && data[1] !== 0 ? 2 : 0, 2);
		head.writeUInt32BE(restarted ? epoch() - 1000 : epoch(), 4);
		if (data[1] === 0) return Buffer.concat([head, Buffer.from(externalIp.split(".").map(Number))]);
		const protocol = data[1] === 2 ? "tcp" : "udp";
		const [internal, external, wanted] = [data.readUInt16BE(4), data.readUInt16BE(6), data.readUInt32BE(8)];
		if (wanted === 0) for (const key of mappings) if (key.startsWith(protocol)) mappings.delete(key);
		if (wanted !== 0 && options.natPmp === "grant") mappings.add(`${protocol} ${external}`);
		const body = Buffer.from(
			encodeNatPmpMap(protocol, internal, external, wanted === 0 ? 0 : lifetime),
		).subarray(4);
		return Buffer.concat([head, body]);
	}

	let ssdp: Socket | undefined;
	let http: Server | undefined;
	if (options.upnp !== undefined) {
		const codes = [...(options.upnp.codes ?? [0])];
		const version = options.upnp.version ?? 1;
		http = createServer((request, response) => {
			const chunks: Buffer[] = [];
			request.on("data", (chunk: Buffer) => chunks.push(chunk));
			request.on("end", () => {
				if (request.method === "GET") {
					response.end(
						`<root><device><serviceList><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:${version}</serviceType><controlURL>/control</controlURL></service></serviceList></device></root>`,
					);
					return;
				}
				const body = Buffer.concat(chunks).toString();
				const action = /#(\w+)"/.exec(String(request.headers["soapaction"]))?.[1] ?? "";
				asked.push(`upnp ${action}`);
				const field = (name: string): string =>
					new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1] ?? "";
				const key = `${field("NewProtocol").toLowerCase()} ${field("NewExternalPort")}`;
				let code = 0;
				let values = "";
				if (action.startsWith("Add")) {
					code = (codes.length > 1 ? codes.shift() : codes[0]) ?? 0;
					if (code === 725 && field("NewLeaseDuration") === "0") code = 0;
					if (code === 0) mappings.add(key);
					values = `<NewReservedPort>${field("NewExternalPort")}</NewReservedPort>`;
				} else if (action === "DeletePortMapping") code = mappings.delete(key) ? 0 : 714;
				else if (action === "GetExternalIPAddress")
					values = `<NewExternalIPAddress>${externalIp}</NewExternalIPAddress>`;
				else if (action === "GetSpecificPortMappingEntry") {
					code = mappings.has(key) ? 0 : 714;
					values = `<NewInternalPort>${field("NewExternalPort")}</NewInternalPort>`;
				}
				response.statusCode = code === 0 ? 200 : 500;
				const inside =
					code === 0
						? `<u:${action}Response xmlns:u="x">${values}</u:${action}Response>`
						: `<s:Fault><detail><UPnPError><errorCode>${code}</errorCode><errorDescription>no</errorDescription></UPnPError></detail></s:Fault>`;
				response.end(`<s:Envelope xmlns:s="x"><s:Body>${inside}</s:Body></s:Envelope>`);
			});
		});
		const server = http;
		await new Promise<void>((resolve) => server.listen(0, ip, resolve));
		const { port } = server.address() as { port: number };
		const location = options.upnp.location ?? `http://${ip}:${port}/description.xml`;
		const answering = createSocket("udp4");
		ssdp = answering;
		await bound(answering, 1900, ip);
		answering.on("message", (_, from) => {
			answering.send(`HTTP/1.1 200 OK\r\nST: x\r\nLOCATION: ${location}\r\n\r\n`, from.port, from.address);
		});
	}
	return {
		mappings,
		asked,
		restart() {
			mappings.clear();
			started = Date.now();
			restarted = true;
		},
		async close() {
			await Promise.all([
				new Promise<void>((resolve) => pcpSocket.close(() => resolve())),
				new Promise<void>((resolve) => (ssdp === undefined ? resolve() : ssdp.close(() => resolve()))),
				new Promise<void>((resolve) => (http === undefined ? resolve() : http.close(() => resolve()))),
			]);
		},
	};
}
