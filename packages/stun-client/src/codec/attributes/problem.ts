/** Thrown inside an attribute's codec; `decodeMessage` turns it into a StunDecodeError that says where. */
export class AttributeProblem extends Error {
	override readonly name = "AttributeProblem";
}
