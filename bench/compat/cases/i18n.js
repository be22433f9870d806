// npm: i18next@25.10.10 intl-messageformat@10.7.18
import i18next from "i18next";
import { IntlMessageFormat } from "intl-messageformat";
export default async () => { await i18next.init({ lng: "de", resources: { de: { translation: { hi: "Hallo {{n}}", item_one: "ein Ding", item_other: "{{count}} Dinge" } } } }); return Response.json([i18next.t("hi", { n: "Ada" }), i18next.t("item", { count: 1 }), i18next.t("item", { count: 3 }), new IntlMessageFormat("{n, plural, one {# cat} other {# cats}} {d, number, ::currency/USD}", "en-US").format({ n: 2, d: 3 })]); };
