package codec

import "testing"

func FuzzDecompression(f *testing.F) {
	for _, format := range []string{"gzip", "deflate", "deflate-raw"} {
		e := newEncoder(format)
		data, err := e.Code([]byte("hello hello hello"), true)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(format, data, uint8(3))
	}
	f.Fuzz(func(t *testing.T, format string, data []byte, step uint8) {
		d := newDecoder(format)
		defer d.Close()
		for made := 0; made < 1<<20; {
			n := min(len(data), int(step)+1)
			out, err := d.Code(data[:n], len(data) == n)
			data = data[n:]
			made += len(out)
			if err != nil || out == nil && len(data) == 0 {
				return
			}
		}
	})
}
