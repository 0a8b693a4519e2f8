/*
 * The parts of the npm package "stun" 2.1.0 that are bundled. The package has no types of its own, and its
 * main module drags in a command line and its dependencies, so its inner modules are named one by one.
 */

declare module "stun/src/node_modules/lib/create-message.js" {
	const api: { createMessage(type: number, transactionId: Buffer): Record<symbol, unknown> };
	export = api;
}

declare module "stun/src/node_modules/message/encode.js" {
	const encode: (message: Record<symbol, unknown>) => Buffer;
	export = encode;
}

declare module "stun/src/node_modules/attributes/stun-address-attribute.js" {
	class StunAddressAttribute {
		constructor(type: number, ip: string, port: number);
		readonly value: { readonly address: string | null };
		static decode(value: Buffer): { family: number; port: number; address: Buffer };
		toBuffer(): Buffer;
	}
	export = StunAddressAttribute;
}

declare module "stun/src/node_modules/attributes/stun-xor-address-attribute.js" {
	class StunXorAddressAttribute {
		constructor(type: number, ip: string, port: number);
		static from(
			type: number,
			value: Buffer,
			owner: { readonly transactionId: Buffer },
		): StunXorAddressAttribute;
		readonly value: { readonly port: number; readonly address: string | null };
		setOwner(owner: { readonly transactionId: Buffer }): void;
		toBuffer(): Buffer;
	}
	export = StunXorAddressAttribute;
}

declare module "stun/src/node_modules/lib/attributes.js" {
	const api: { create(type: number, ...values: unknown[]): { toBuffer(): Buffer } };
	export = api;
}
