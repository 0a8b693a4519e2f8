import { PortMapDecodeError } from "../errors.js";
import { gatewayUrl } from "./ssdp.js";
import { childOf, escapeXml, listOf, parseXml, textOf, type XmlValue } from "./xml.js";

/** A service of a router that maps ports. */
export interface IgdService {
	/** `WANIPConnection`, `WANPPPConnection` or `WANIPv6FirewallControl`. */
	readonly kind: string;
	readonly version: number;
	/** The service's type, as SOAP needs it. */
	readonly type: string;
	readonly controlUrl: string;
}

const SERVICE =
	/^urn:schemas-upnp-org:service:(WANIPConnection|WANPPPConnection|WANIPv6FirewallControl):(\d{1,3})$/;
/** Devices that are looked through: a gateway has three. */
const MAX_DEVICES = 64;

/**
 * Reads a device's description: its services that map ports, newest version first. A service whose control URL leads
 * off the gateway is left out.
 *
 * @param text the description (UPnP Device Architecture 1.1 section 2.3)
 * @param location where it was fetched
 * @throws PortMapDecodeError (ERR_PORT_MAP_DECODE)
 */
export function decodeDescription(text: string, location: string, gateway: string): IgdService[] {
	const root = childOf(parseXml(text, "description"), "root");
	if (root === undefined) throw new PortMapDecodeError("description", "it has no root element");
	const base = textOf(root, "URLBase") || location;
	const services: IgdService[] = [];
	const queue = [...listOf(childOf(root, "device"))];
	for (let seen = 0; queue.length > 0; seen++) {
		if (seen === MAX_DEVICES) throw new PortMapDecodeError("description", "it has too many devices");
		const device = queue.shift();
		queue.push(...listOf(childOf(device, "deviceList", "device")));
		for (const service of listOf(childOf(device, "serviceList", "service"))) {
			const type = textOf(service, "serviceType") ?? "";
			const [, kind, version] = SERVICE.exec(type) ?? [];
			const url = gatewayUrl(textOf(service, "controlURL") ?? "", gateway, base);
			if (kind === undefined || url === null) continue;
			services.push({ kind, version: Number(version), type, controlUrl: url.href });
		}
	}
	return services.sort((a, b) => b.version - a.version);
}

/** Writes a SOAP call (UPnP Device Architecture 1.1 section 3.2.1). The order of the arguments is the service's. */
export function encodeAction(
	type: string,
	action: string,
	args: Readonly<Record<string, string | number>>,
): string {
	const fields = Object.entries(args)
		.map(([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`)
		.join("");
	return `<?xml version="1.0"?>\r\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><u:${action} xmlns:u="${type}">${fields}</u:${action}></s:Body></s:Envelope>\r\n`;
}

/** What a call gave: the out arguments by name, or the router's error. */
export type ActionResult =
	| { readonly ok: true; readonly values: Readonly<Record<string, string>> }
	| { readonly ok: false; readonly code: number; readonly description: string };

/**
 * Reads the response to a SOAP call, a fault included.
 *
 * @throws PortMapDecodeError (ERR_PORT_MAP_DECODE)
 */
export function decodeAction(text: string, action: string): ActionResult {
	const body = childOf(parseXml(text, "SOAP"), "Envelope", "Body");
	const fault = childOf(body, "Fault", "detail", "UPnPError");
	if (fault !== undefined) {
		const code = Number(textOf(fault, "errorCode"));
		if (!Number.isInteger(code)) throw new PortMapDecodeError("SOAP", "a fault without a code");
		return { ok: false, code, description: (textOf(fault, "errorDescription") ?? "").slice(0, 200) };
	}
	const response = childOf(body, `${action}Response`);
	if (response === undefined) throw new PortMapDecodeError("SOAP", `no ${action}Response`);
	return { ok: true, values: texts(response) };
}

function texts(element: XmlValue): Record<string, string> {
	if (typeof element !== "object" || Array.isArray(element)) return {};
	return Object.fromEntries(
		Object.keys(element).flatMap((name) => {
			const text = textOf(element, name);
			return text === undefined ? [] : [[name, text]];
		}),
	);
}

const ERRORS: ReadonlyMap<number, string> = new Map([
	[401, "invalid action"],
	[402, "invalid arguments"],
	[501, "action failed"],
	[602, "optional action not implemented"],
	[606, "not authorized"],
	[714, "no such entry"],
	[715, "wild card not permitted in source IP"],
	[716, "wild card not permitted in external port"],
	[718, "another host has this external port"],
	[724, "external and internal port must be the same"],
	[725, "only permanent leases are supported"],
	[728, "no port map is available"],
	[729, "another mechanism has this port"],
]);

/** A UPnP error code in words (IGD:1 and IGD:2, WANIPConnection). */
export const upnpErrorText = (code: number): string => ERRORS.get(code) ?? "unknown error";
