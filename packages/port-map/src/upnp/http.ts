import { request } from "node:http";
import type { Socket } from "node:net";
import type { SocketFactory } from "@p2pd/net";
import { HTTP_BYTES } from "../defaults.js";
import { PortMapDecodeError } from "../errors.js";

/** What is sent: a GET, or a POST with a SOAP action. */
export interface HttpRequest {
	readonly url: URL;
	/** The SOAPAction header and the body of a POST. */
	readonly soap?: { readonly action: string; readonly body: string };
}

/** A response: its status and its text. */
export interface HttpResponse {
	readonly status: number;
	readonly text: string;
}

/**
 * Sends one request over a socket of the NIC and reads the response, up to a limit. A redirect is an answer like any
 * other and is not followed.
 *
 * @throws PortMapDecodeError if the response is too long; the socket's or the parser's error; the signal's reason
 */
export async function fetchFromGateway(
	{ url, soap }: HttpRequest,
	gateway: string,
	sockets: Pick<SocketFactory, "connect">,
	signal: AbortSignal,
): Promise<HttpResponse> {
	const socket: Socket = await sockets.connect({ ip: gateway, port: Number(url.port || 80), signal });
	try {
		return await new Promise((resolve, reject) => {
			const onAbort = (): void => reject(signal.reason);
			signal.addEventListener("abort", onAbort, { once: true });
			const settle =
				<T>(outcome: (value: T) => void) =>
				(value: T): void => {
					signal.removeEventListener("abort", onAbort);
					outcome(value);
				};
			const call = request({
				// Without an agent the request uses this socket; `agent: false` would make it connect by itself.
				createConnection: () => socket,
				method: soap === undefined ? "GET" : "POST",
				path: `${url.pathname}${url.search}`,
				headers: {
					host: url.host,
					connection: "close",
					...(soap === undefined
						? {}
						: {
								"content-type": 'text/xml; charset="utf-8"',
								"content-length": Buffer.byteLength(soap.body),
								soapaction: `"${soap.action}"`,
							}),
				},
			});
			const fail = settle(reject);
			call.on("error", fail);
			call.on("response", (response) => {
				const chunks: Buffer[] = [];
				let size = 0;
				response.on("data", (chunk: Buffer) => {
					size += chunk.length;
					if (size > HTTP_BYTES) {
						fail(new PortMapDecodeError("HTTP", `a response of more than ${HTTP_BYTES} bytes`));
						socket.destroy();
					} else chunks.push(chunk);
				});
				response.on("error", fail);
				response.on("aborted", () => fail(new PortMapDecodeError("HTTP", "the response was cut off")));
				response.on("end", () =>
					settle(resolve)({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
				);
			});
			call.end(soap?.body);
		});
	} finally {
		socket.on("error", () => undefined);
		socket.destroy();
	}
}
