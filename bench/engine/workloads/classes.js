class Point {
	#x;
	static made = 0;
	constructor(x) { this.#x = x; Point.made++; }
	get x() { return this.#x; }
	plus(other) { return new Point(this.#x + other.x); }
}
class Named extends Point {
	constructor(x, name) { super(x); this.name = name; }
	plus(other) { return super.plus(other); }
}
export default () => {
	let p = new Named(0, "origin");
	for (let i = 0; i < 40000; i++) p = new Named(1, "n").plus(p).x > 1e9 ? p : new Named(i, "m");
	return p.x;
};
