/**
 * IP addresses and ranges alone, without targets and names.
 *
 * @packageDocumentation
 */
export { IPRange, type RangeOperand } from "../range/ip-range.js";
export { cidrToNetmask, netmaskToCidr } from "../range/prefix.js";
export type { IPRangeJson, IpClass } from "../types.js";
export { classifyIp, isPublicIp } from "./classify.js";
export { IpAddress, type IpInput } from "./ip-address.js";
export { SPECIAL_V4, SPECIAL_V6, type SpecialBlock } from "./special-purpose.js";
export { canonicalIp, ipVersion, isIp } from "./text.js";
