import * as buffer from "buffer/";
const { Buffer, SlowBuffer, INSPECT_MAX_BYTES, kMaxLength } = buffer;
const { Blob, File, atob, btoa } = globalThis;
export { Buffer };
export default { Buffer, SlowBuffer, INSPECT_MAX_BYTES, kMaxLength, constants: { MAX_LENGTH: kMaxLength, MAX_STRING_LENGTH: 2 ** 30 - 1 }, Blob, File, atob, btoa };
