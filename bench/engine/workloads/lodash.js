import _ from "lodash";
export default () => {
	let sum = 0;
	for (let i = 0; i < 5; i++) {
		const list = _.range(300).map((n) => ({ group: n % 7, n }));
		sum += _.sumBy(_.flatMap(_.groupBy(list, "group"), (g) => _.orderBy(g, ["n"], ["desc"])), "n") + (_.isEqual(list, _.cloneDeep(list)) ? 1 : 0);
	}
	return sum;
};
