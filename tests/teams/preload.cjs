// Preloaded into the Teams test client (NODE_OPTIONS=-r): it listens on loopback only, talks to loopback only, and asks the bot's loopback token service
// where it would ask Microsoft's. Nothing leaves this machine.
const net = require("net"), http = require("http"), https = require("https"), { PassThrough } = require("stream");
const TOKENS = process.env.IRF_TOKENS; // http://127.0.0.1:PORT/teams
const SERVICE_URL = process.env.IRF_SERVICE_URL;
const loopback = host => !host || ["127.0.0.1", "localhost", "::1", "[::1]"].includes(host);

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  if (typeof args[0] === "object" && args[0] && "port" in args[0]) args[0] = { ...args[0], host: "127.0.0.1" };
  else if (typeof args[0] === "number" || /^\d+$/.test(String(args[0]))) args = [Number(args[0]), "127.0.0.1", ...args.slice(1).filter(a => typeof a === "function")];
  return listen.apply(this, args);
};

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  const host = typeof options === "object" && options ? options.host : typeof args[1] === "string" ? args[1] : undefined;
  if (options && options.path) return connect.apply(this, args); // a pipe
  if (!loopback(host)) {
    // As a failed connection, not as an exception: one thrown from a timer would end the client.
    process.nextTick(() => this.destroy(new Error(`refused: ${host} is not this machine`)));
    return this;
  }
  return connect.apply(this, args);
};

const authority = "https://login.microsoftonline.com";
const known = url => {
  if (url.pathname.includes("/discovery/instance")) return { tenant_discovery_endpoint: `${authority}/t/v2.0/.well-known/openid-configuration`, "api-version": "1.1", metadata: [{ preferred_network: "login.microsoftonline.com", preferred_cache: "login.windows.net", aliases: ["login.microsoftonline.com"] }] };
  if (url.pathname.endsWith("openid-configuration")) {
    const tenant = url.pathname.split("/")[1];
    return { issuer: `${authority}/${tenant}/v2.0`, authorization_endpoint: `${authority}/${tenant}/oauth2/v2.0/authorize`, token_endpoint: `${authority}/${tenant}/oauth2/v2.0/token`, end_session_endpoint: `${authority}/${tenant}/oauth2/v2.0/logout`, jwks_uri: `${authority}/${tenant}/discovery/v2.0/keys` };
  }
  return null;
};

function redirected(original) {
  return function (...args) {
    let url = null, options = {}, callback = args.find(a => typeof a === "function");
    if (typeof args[0] === "string" || args[0] instanceof URL) { url = new URL(String(args[0])); options = typeof args[1] === "object" && args[1] ? args[1] : {}; }
    else { options = args[0] || {}; url = new URL(`https://${options.hostname || options.host || "localhost"}${options.path || "/"}`); }
    if (url.hostname !== "login.microsoftonline.com") return original.apply(this, args);
    const answer = known(url);
    if (answer) {
      const request = new PassThrough(), response = new PassThrough();
      Object.assign(response, { statusCode: 200, statusMessage: "OK", headers: { "content-type": "application/json" }, rawHeaders: [], req: request });
      Object.assign(request, { setHeader() {}, getHeader() {}, removeHeader() {}, setTimeout() { return request; }, setNoDelay() {}, setSocketKeepAlive() {}, abort() {}, path: url.pathname, method: "GET", flushHeaders() {} });
      setImmediate(() => { if (callback) callback(response); request.emit("response", response); response.end(JSON.stringify(answer)); });
      request.resume();
      return request;
    }
    const isToken = url.pathname.endsWith("/oauth2/v2.0/token");
    const target = new URL(TOKENS + (isToken ? "/token" : "/keys"));
    const headers = { ...(options.headers || {}) };
    for (const name of Object.keys(headers)) if (["host", "content-length"].includes(name.toLowerCase())) delete headers[name];
    const request = http.request({ hostname: "127.0.0.1", port: target.port, path: target.pathname, method: options.method || (isToken ? "POST" : "GET"), headers }, callback);
    if (isToken) {
      // The real service writes the service address into the token; this one has to be told.
      const end = request.end.bind(request), write = request.write.bind(request), parts = [];
      request.write = chunk => { parts.push(Buffer.from(chunk)); return true; };
      request.end = (chunk, ...rest) => {
        if (chunk && typeof chunk !== "function") parts.push(Buffer.from(chunk));
        const body = Buffer.concat([...parts, Buffer.from(`&service_url=${encodeURIComponent(SERVICE_URL)}`)]);
        request.setHeader("content-length", body.length);
        write(body);
        return end(...rest.filter(r => typeof r === "function"));
      };
    }
    return request;
  };
}
https.request = redirected(https.request);
https.get = (...args) => { const request = https.request(...args); request.end(); return request; };
