// npm: yoga-layout@3.2.1
import { loadYoga, FlexDirection, Gutter, Edge, Direction } from "yoga-layout/load";
export default async () => {
	const Yoga = await loadYoga();
	const root = Yoga.Node.create();
	root.setFlexDirection(FlexDirection.Row);
	root.setWidth(300);
	root.setHeight(100);
	root.setGap(Gutter.All, 10);
	const boxes = [1, 2, 3].map((grow, i) => {
		const box = Yoga.Node.create();
		box.setFlexGrow(grow);
		box.setMargin(Edge.All, i);
		box.setMeasureFunc((width, mode, height) => ({ width: 20 + i, height: Math.min(30, height) }));
		root.insertChild(box, i);
		return box;
	});
	root.calculateLayout(undefined, undefined, Direction.LTR);
	const layout = boxes.map((b) => b.getComputedLayout());
	root.freeRecursive();
	return Response.json(layout);
};
