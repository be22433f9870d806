class PerformanceObserver { observe() {} disconnect() {} takeRecords() { return []; } }
const monitorEventLoopDelay = () => ({ enable() {}, disable() {}, reset() {}, min: 0, max: 0, mean: 0, stddev: 0, percentile: () => 0 });
const { performance, Performance, PerformanceEntry, PerformanceMark, PerformanceMeasure } = globalThis;
export default { performance, Performance, PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver, monitorEventLoopDelay, constants: {} };
