class PerformanceObserver { observe() {} disconnect() {} takeRecords() { return []; } }
const monitorEventLoopDelay = () => ({ enable() {}, disable() {}, reset() {}, min: 0, max: 0, mean: 0, stddev: 0, percentile: () => 0 });
export default { performance: globalThis.performance, PerformanceObserver, monitorEventLoopDelay, constants: {} };
