import { h } from "../base/dom.js";
import { t } from "../base/words.js";

document.getElementById("till").replaceChildren(h("h1", {}, t("title")));
