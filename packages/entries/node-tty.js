class ReadStream {}
class WriteStream {}
export default { isatty: () => false, ReadStream, WriteStream };
