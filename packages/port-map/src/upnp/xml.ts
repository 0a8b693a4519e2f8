import { XMLParser } from "fast-xml-parser";
import { PortMapDecodeError } from "../errors.js";

/** An element: its children by local name, or its text. */
export type XmlValue = string | XmlElement | readonly XmlValue[];
/** The children of an element. */
export interface XmlElement {
	readonly [name: string]: XmlValue;
}

/** Descriptions nest devices three deep; each is a list inside a device. */
const MAX_NESTING = 24;

const parser = new XMLParser({
	ignoreAttributes: true,
	removeNSPrefix: true,
	parseTagValue: false,
	trimValues: true,
	// Nothing that a router defines is expanded; the five entities of XML itself are, below.
	processEntities: false,
	htmlEntities: false,
});

/**
 * Reads XML: elements without attributes and namespaces.
 *
 * @param what for the error: "description" or "SOAP"
 * @throws PortMapDecodeError (ERR_PORT_MAP_DECODE) if it is not XML, declares a document type or nests too deep
 */
export function parseXml(text: string, what: string): XmlElement {
	if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw new PortMapDecodeError(what, "it declares a document type");
	let value: unknown;
	try {
		value = parser.parse(text);
	} catch (cause) {
		throw new PortMapDecodeError(what, "it is not XML", { cause });
	}
	if (typeof value !== "object" || value === null) throw new PortMapDecodeError(what, "it is empty");
	checkNesting(value, what, 0);
	return value as XmlElement;
}

function checkNesting(value: unknown, what: string, depth: number): void {
	if (depth > MAX_NESTING) throw new PortMapDecodeError(what, "it nests too deep");
	if (typeof value !== "object" || value === null) return;
	for (const child of Object.values(value)) checkNesting(child, what, depth + 1);
}

/** The element below a path of names; the first one where there are several. Undefined if there is none. */
export function childOf(value: XmlValue | undefined, ...path: readonly string[]): XmlValue | undefined {
	let at: XmlValue | undefined = value;
	for (const name of path) {
		if (Array.isArray(at)) at = (at as readonly XmlValue[])[0];
		if (typeof at !== "object" || !Object.hasOwn(at, name)) return undefined;
		at = (at as XmlElement)[name];
	}
	return at;
}

/** An element as a list: several, one, or none. */
export function listOf(value: XmlValue | undefined): readonly XmlValue[] {
	if (value === undefined || value === "") return [];
	return Array.isArray(value) ? value : [value as XmlValue];
}

/** The text of the element below a path; undefined if there is none. */
export function textOf(value: XmlValue | undefined, ...path: readonly string[]): string | undefined {
	const found = childOf(value, ...path);
	const first = Array.isArray(found) ? (found as readonly XmlValue[])[0] : found;
	return typeof first === "string" ? unescapeXml(first) : undefined;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
const unescapeXml = (text: string): string =>
	text.replace(/&(lt|gt|quot|apos|amp);/g, (whole, name: string) => ENTITIES[name] ?? whole);

/** Text as it stands in an element. */
export const escapeXml = (text: string): string =>
	text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
