// Shows the OpenAPI document of this installation and sends requests to it, and to nobody else.
"use strict";

const METHODS = ["get", "post", "put", "delete"];

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  // Text stays text: nothing of a document or an answer is ever read as HTML.
  made.append(...children);
  return made;
}

function json(value) {
  return JSON.stringify(value, null, 2);
}

function resolve(api, schema) {
  if (!schema.$ref) return schema;
  return schema.$ref.slice(2).split("/").reduce((place, name) => place[name], api);
}

function typeText(api, schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const options = schema.anyOf || schema.oneOf;
  if (options) return options.map((each) => typeText(api, each)).join(" or ");
  if (schema.type === "array") return `array of ${typeText(api, schema.items || {})}`;
  if (schema.type === "object" && schema.additionalProperties instanceof Object) {
    return `object with ${typeText(api, schema.additionalProperties)} values`;
  }
  return schema.type || "any JSON";
}

function limits(schema) {
  const names = {
    minLength: "at least characters", maxLength: "at most characters", minimum: "at least",
    maximum: "at most", minItems: "at least items", maxItems: "at most items",
  };
  return Object.entries(names)
    .filter(([key]) => schema[key] !== undefined)
    .map(([key, words]) => `${words.replace(/^(at \w+)/, `$1 ${schema[key]}`)}`)
    .join(", ");
}

function schemaTable(api, schema) {
  const found = resolve(api, schema);
  if (!found.properties) return element("p", {}, element("code", {}, typeText(api, schema)));
  const rows = Object.entries(found.properties).map(([name, member]) =>
    element("tr", {},
      element("td", {}, element("code", {}, name),
        (found.required || []).includes(name) ? " required" : ""),
      element("td", {}, typeText(api, member), element("div", { class: "weak" }, limits(member))),
      element("td", {}, member.description || resolve(api, member).description || "")));
  return element("table", {}, element("tbody", {}, ...rows));
}

function details(title, ...children) {
  return element("details", {}, element("summary", {}, title), ...children);
}

function media(body) {
  return body && body.content ? Object.values(body.content)[0] : null;
}

// One example without a name, or several with one.
function examples(content) {
  if (content.example !== undefined) return [{ summary: "", value: content.example }];
  return Object.values(content.examples || {});
}

// Puts examples into a text that is sent; with several, people choose one.
function exampleChoice(found, body) {
  const fill = (index) => { body.value = json(found.length ? found[index].value : {}); };
  fill(0);
  if (found.length < 2) return [];
  const options = found.map((each, index) => element("option", { value: index }, each.summary));
  const select = element("select", {}, ...options);
  select.addEventListener("change", () => fill(Number(select.value)));
  return [element("label", {}, "Example ", select)];
}

function trial(path, method, operation) {
  const inputs = {};
  const form = element("form", { autocomplete: "off" });
  for (const parameter of operation.parameters) {
    if (parameter.in === "header") continue;
    const input = element("input", { name: parameter.name });
    if (parameter.required) input.required = true;
    inputs[parameter.name] = { parameter, input };
    form.append(element("label", {}, `${parameter.name} `, input));
  }
  const sent = media(operation.requestBody);
  const body = sent ? element("textarea", { "aria-label": "Body", spellcheck: "false" }) : null;
  if (body) {
    form.append(...exampleChoice(examples(sent), body), body);
  }
  const answer = element("pre", { "aria-live": "polite" });
  answer.hidden = true;
  form.append(element("button", { type: "submit" }, "Send"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    let target = path;
    const query = new URLSearchParams();
    for (const { parameter, input } of Object.values(inputs)) {
      if (parameter.in === "path") {
        target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      } else if (input.value !== "") {
        query.append(parameter.name, input.value);
      }
    }
    const headers = {};
    const key = document.getElementById("key").value.trim();
    const workspace = document.getElementById("workspace").value.trim();
    const takesWorkspace = operation.parameters.some((each) => each.in === "header");
    if (key) headers.Authorization = `Bearer ${key}`;
    if (workspace && takesWorkspace) headers["Krenalis-Workspace"] = workspace;
    if (body) headers["Content-Type"] = "application/json";
    answer.hidden = false;
    answer.textContent = "…";
    try {
      const response = await fetch(query.size ? `${target}?${query}` : target, {
        method: method.toUpperCase(), headers, body: body ? body.value : undefined,
        credentials: "omit", cache: "no-store",
      });
      const text = await response.text();
      let shown = text;
      try { shown = text ? json(JSON.parse(text)) : "(no body)"; } catch { /* not JSON: as it is */ }
      answer.textContent =
        `${response.status} ${response.statusText}\nRequest-Id: ${response.headers.get("request-id")}\n\n${shown}`;
    } catch (error) {
      answer.textContent = String(error);
    }
  });
  return details("Try it", form, answer);
}

function article(api, path, method, operation) {
  const shown = element("article", { id: operation.operationId },
    element("h3", {}, operation.summary),
    element("p", {}, element("span", { class: "method" }, method.toUpperCase()),
      element("code", {}, path)),
    element("p", {}, operation.description || ""));
  const sent = media(operation.requestBody);
  const given = operation.parameters.filter((each) => each.in !== "header");
  if (given.length) {
    shown.append(details("Parameters", element("table", {}, element("tbody", {}, ...given.map((each) =>
      element("tr", {},
        element("td", {}, element("code", {}, each.name), each.required ? " required" : ""),
        element("td", {}, each.in, " ", typeText(api, each.schema)),
        element("td", {}, each.description || "")))))));
  }
  if (sent) shown.append(details("Body", schemaTable(api, sent.schema)));
  const answer = media(operation.responses["200"]);
  if (answer) {
    shown.append(details("Response", schemaTable(api, answer.schema),
      ...examples(answer).flatMap(({ summary, value }) => [
        ...(summary ? [element("h4", {}, summary)] : []),
        element("pre", {}, json(value)),
      ])));
  }
  const failures = Object.entries(operation.responses).filter(([status]) => status !== "200");
  shown.append(details("Errors", element("table", {}, element("tbody", {},
    ...failures.map(([status, response]) => element("tr", {}, element("td", {}, status),
      element("td", {}, resolve(api, response).description)))))));
  shown.append(trial(path, method, operation));
  return shown;
}

async function show() {
  const place = document.getElementById("endpoints");
  const index = document.getElementById("index");
  const api = await (await fetch("/openapi.json", { credentials: "omit" })).json();
  const all = Object.entries(api.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => [path, method, item[method]]));
  const articles = [];
  for (const tag of api.tags) {
    index.append(element("h2", {}, tag.name));
    articles.push(element("h2", {}, tag.name));
    for (const [path, method, operation] of all.filter((each) => each[2].tags.includes(tag.name))) {
      index.append(element("a", { href: `#${operation.operationId}` }, operation.summary));
      articles.push(article(api, path, method, operation));
    }
  }
  place.replaceChildren(...articles);
}

document.getElementById("access").addEventListener("submit", (event) => event.preventDefault());
show().catch((error) => {
  document.getElementById("endpoints").textContent = `The document cannot be shown: ${error}`;
});
