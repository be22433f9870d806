export default () => {
	for (;;) {}
};
