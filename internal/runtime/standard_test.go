package runtime_test

import (
	"context"
	"net/http"
	"testing"

	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/runtimetest"
)

// usesAll calls every standard module, by the name it has in both styles.
const usesAll = `
  _.chunk([1, 2, 3], 2).length + " " + cheerio.load("<p class=a>x</p>")(".a").text() + " " + uuid.validate(uuid.v4()) + uuid.v5("a", uuid.v5.URL) + " " +
  zod.z.object({ a: zod.z.number() }).safeParse({ a: "1" }).success + " " + marked.parse("**b**").trim() + " " + dayjs("2026-01-31").format("DD.MM.YYYY") + " " +
  dayjs.utc("2026-01-31T10:00:00Z").hour() + " " + validator.isEmail("a@b.co")`

const allUsed = `2 x trueb9d27c3e-9d4e-5a0e-8ee1-2b1c9e9a6a4c false <p><strong>b</strong></p> 31.01.2026 10 true`

func TestStandardModules(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	for style, code := range map[string]string{
		"require in a script": `const _ = require("lodash"), cheerio = require("cheerio"), uuid = require("uuid"), zod = require("zod"), marked = require("marked"), dayjs = require("dayjs"), validator = require("validator");
dayjs.extend(require("dayjs/plugin/utc"));
respond(` + usesAll + `);`,
		"import in a module": `import _ from "lodash";
import * as cheerio from "cheerio";
import * as uuid from "uuid";
import * as zod from "zod";
import { marked } from "marked";
import dayjs from "dayjs";
import utc from "dayjs/plugin/utc";
import validator from "validator";
dayjs.extend(utc);
export default () => new Response(` + usesAll + `);`,
	} {
		t.Run(style, func(t *testing.T) {
			h := runtimetest.New(t, code)
			for range 3 {
				got := h.Ask(t, "GET", "/", "")
				text := got.Body.String()
				if got.Code != http.StatusOK || len(text) < 60 || text[:8] != allUsed[:8] || text[44:] != allUsed[44:] {
					t.Fatalf("%d %s\n%s", got.Code, text, h.Log)
				}
			}
		})
	}
}

// An import of an installed package gets the installed one.
func TestAnInstalledPackageOverridesTheStandardModuleOfItsName(t *testing.T) {
	p, err := compile.Compile(context.Background(), runtimetest.Files{"api/main.js": `respond(require("lodash").own);`, "node_modules/lodash/index.js": `exports.own = "mine";`})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Standard) != 0 {
		t.Errorf("%v", p.Standard)
	}
}

// Whatever a request does to a module, the next request of a script gets it intact.
func TestAScriptCanSpoilAStandardModuleOnlyForItself(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	h := runtimetest.New(t, `const _ = require("lodash"); const was = typeof _.chunk; _.chunk = 1; respond(was);`)
	for range 3 {
		if got := h.Ask(t, "GET", "/", ""); got.Body.String() != "function" {
			t.Fatal(got.Body)
		}
	}
}

// BenchmarkFourStandardModules measures a warm request of a script that uses the largest ones.
func BenchmarkFourStandardModules(b *testing.B) {
	h := runtimetest.New(b, `const _ = require("lodash"), cheerio = require("cheerio"), zod = require("zod"), marked = require("marked");
respond(_.chunk([1, 2, 3], 2).length + cheerio.load("<p>x</p>")("p").text() + zod.z.string().safeParse("1").success + marked.parse("b"));`)
	runtimetest.Bench(b, h, "")
}
