// npm: pngjs@7.0.0 jpeg-js@0.4.4 blurhash@2.0.5 color@5.0.3 chroma-js@3.2.0 tinycolor2@1.6.0 colord@2.14.0
import { PNG } from "pngjs";
import jpeg from "jpeg-js";
import { encode } from "blurhash";
import chroma from "chroma-js";
import tinycolor from "tinycolor2";
import Color from "color";
import { colord } from "colord";
const px = (n) => Uint8ClampedArray.from({ length: n * n * 4 }, (_, i) => (i * 37) % 256);
export default () => { const p = new PNG({ width: 4, height: 4 }); p.data.set(px(4)); const back = PNG.sync.read(PNG.sync.write(p)); const j = jpeg.decode(jpeg.encode({ data: px(8), width: 8, height: 8 }, 80).data); return Response.json([[...back.data.slice(0, 8)], j.width, encode(px(8), 8, 8, 3, 3), chroma("red").darken().hex(), tinycolor("#f00").lighten(10).toString(), Color("blue").hsl().string(), colord("#abc").toHsl()]); };
