// npm: countries-list@3.4.1 i18n-iso-countries@7.14.0 tz-lookup@6.1.25 iso-639-1@3.1.6 emoji-regex@10.6.0 node-emoji@2.2.0 linkifyjs@4.4.0 tldts@7.6.0 punycode@2.3.1 normalize-url@8.1.1
import { countries } from "countries-list";
import iso from "i18n-iso-countries";
import tz from "tz-lookup";
import ISO6391 from "iso-639-1";
import emojiRegex from "emoji-regex";
import * as emoji from "node-emoji";
import { parse } from "tldts";
import punycode from "punycode/punycode.js";
import normalizeUrl from "normalize-url";
import * as linkify from "linkifyjs";
export default () => Response.json([countries.DE.capital, iso.alpha2ToAlpha3("FR"), tz(40.7, -74), ISO6391.getName("de"), "a👩‍👩‍👧b".match(emojiRegex()), emoji.emojify(":heart:"), parse("a.b.co.uk").domain, punycode.toASCII("mañana.com"), normalizeUrl("HTTP://a.com/../x?b=1&a=2"), linkify.find("see x.com")]);
