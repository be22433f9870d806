let text = "";
for (let i = 0; i < 300; i++) text += "user" + i + "@example.com, call +1-555-" + (1000 + i) + "; ";
export default () => {
	let n = 0;
	for (let i = 0; i < 8; i++) {
		n += text.match(/[a-z0-9]+@[a-z]+\.com/g).length + text.replace(/\d{3}-(\d{4})/g, "$1").length;
		n += (text.match(/zebra|giraffe/g) ?? []).length + text.split(/;\s*/).length;
	}
	return n;
};
