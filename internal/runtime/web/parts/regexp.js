// The static properties of RegExp that tell of the last match, such as RegExp.$1. To record it makes matching slower, so only
// functions whose code names one of them load this. The last expression is a function that takes the prelude's helpers.
"use strict";
({ need }) => {
const { defineProperty } = Object, call = Function.prototype.call.bind(Function.prototype.call), sliced = Function.prototype.call.bind("".slice);
const exec = RegExp.prototype.exec;
let last, input = ""; // the result of the last match, and the text that it is of

const recorded = { exec(text) {
	const match = call(exec, this, text);
	if (match !== null) { last = match; input = match.input; }
	return match;
} }.exec;
defineProperty(RegExp.prototype, "exec", { value: recorded, writable: true, enumerable: false, configurable: true });

// As in the proposal for legacy features of RegExp: only RegExp itself has them, not its subclasses.
const property = (names, get, set) => {
	for (const name of names) {
		defineProperty(RegExp, name, {
			get() { if (this !== RegExp) throw new TypeError(`RegExp.${name} belongs to RegExp itself`); return get(); },
			set: set && function (v) { if (this !== RegExp) throw new TypeError(`RegExp.${name} belongs to RegExp itself`); need(arguments, 1); set(v); },
			enumerable: false, configurable: true,
		});
	}
};
for (let n = 1; n <= 9; n++) property(["$" + n], () => last?.[n] ?? "", () => {});
property(["input", "$_"], () => input, (v) => { input = `${v}`; });
property(["lastMatch", "$&"], () => last?.[0] ?? "");
property(["lastParen", "$+"], () => last !== undefined && last.length > 1 ? last[last.length - 1] ?? "" : "");
property(["leftContext", "$`"], () => last === undefined ? "" : sliced(last.input, 0, last.index));
property(["rightContext", "$'"], () => last === undefined ? "" : sliced(last.input, last.index + last[0].length));
}
