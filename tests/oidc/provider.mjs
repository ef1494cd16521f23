// A real OpenID Connect provider on loopback, for tests: it asks nobody anything.
//
// Prints one line of JSON with its issuer and its clients' secret. Ends when standard input does.
// Whoever is sent to /interaction/<uid> signs in as ?account=NAME. What tests change:
//   POST /test/accounts   {"name": {"groups": [...], "email": "...", "email_verified": true, "name": "..."}}
//   POST /test/rotate     new signing keys; the old ones are not shown any more
//   GET  /test/requests   how often each path was asked for

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const ALGORITHMS = ["RS256", "ES256", "EdDSA"];
const SECRET = randomBytes(24).toString("base64url");
const accounts = new Map();
const requests = {};

const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
        console.error(error);
        response.writeHead(500).end(String(error));
    });
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
let provider = build(signingKeys());
process.stdin.on("end", () => process.exit(0)).resume();
console.log(JSON.stringify({ issuer, client_secret: SECRET }));

function signingKeys() {
    const made = [
        ["rsa", { modulusLength: 2048 }, "RS256"],
        ["ec", { namedCurve: "P-256" }, "ES256"],
        ["ed25519", {}, "EdDSA"],
    ];
    return made.map(([kind, options, alg]) => {
        const jwk = generateKeyPairSync(kind, options).privateKey.export({ format: "jwk" });
        return { ...jwk, alg, use: "sig", kid: `${alg}-${randomBytes(6).toString("hex")}` };
    });
}

// One client for each algorithm, one that has no secret, one that sends it in the body.
function clients() {
    const common = {
        redirect_uris: ["http://127.0.0.1/api/v1/oidc/callback"],
        application_type: "native", // any port on loopback (RFC 8252)
        grant_types: ["authorization_code"],
        response_types: ["code"],
    };
    const secret = { client_secret: SECRET, token_endpoint_auth_method: "client_secret_basic" };
    return [
        ...ALGORITHMS.map((alg) => ({
            ...common,
            ...secret,
            client_id: `attestry-${alg}`,
            id_token_signed_response_alg: alg,
        })),
        { ...common, client_id: "attestry-public", token_endpoint_auth_method: "none" },
    ];
}

function build(keys) {
    return new Provider(issuer, {
        clients: clients(),
        jwks: { keys },
        cookies: { keys: [SECRET] },
        enabledJWA: { idTokenSigningAlgValues: ALGORITHMS },
        claims: {
            openid: ["sub"],
            email: ["email", "email_verified"],
            profile: ["name"],
            groups: ["groups"],
        },
        conformIdTokenClaims: false, // claims of scopes are in the ID token
        pkce: { methods: ["S256"], required: () => true },
        features: { devInteractions: { enabled: false } },
        interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
        findAccount: (_context, id) => ({
            accountId: id,
            claims: async () => ({ sub: id, ...accounts.get(id) }),
        }),
    });
}

async function answer(request, response) {
    const url = new URL(request.url, issuer);
    requests[url.pathname] = (requests[url.pathname] ?? 0) + 1;
    if (url.pathname.startsWith("/interaction/")) {
        return signIn(request, response, url.searchParams.get("account"));
    }
    if (url.pathname === "/test/accounts") {
        for (const [name, claims] of Object.entries(await json(request))) {
            accounts.set(name, claims);
        }
        return response.writeHead(204).end();
    }
    if (url.pathname === "/test/rotate") {
        provider = build(signingKeys());
        return response.writeHead(204).end();
    }
    if (url.pathname === "/test/requests") {
        response.writeHead(200, { "content-type": "application/json" });
        return response.end(JSON.stringify(requests));
    }
    return provider.callback()(request, response);
}

async function signIn(request, response, accountId) {
    const { params } = await provider.interactionDetails(request, response);
    if (!accounts.has(accountId)) {
        const refusal = { error: "access_denied", error_description: "nobody has this name" };
        return provider.interactionFinished(request, response, refusal);
    }
    const grant = new provider.Grant({ accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    const consent = { grantId: await grant.save() };
    return provider.interactionFinished(request, response, { login: { accountId }, consent });
}

async function json(request) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    return JSON.parse(Buffer.concat(pieces).toString("utf8"));
}
