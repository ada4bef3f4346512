// Shows the description of the API, with a place for the key; a key is optional where the service trusts the network.
fetch("openapi.json")
  .then((answer) => answer.json())
  .then((spec) => {
    spec.components.securitySchemes = { key: { type: "apiKey", in: "header", name: "api-key" } };
    spec.security = [{}, { key: [] }];
    SwaggerUIBundle({
      spec,
      dom_id: "#api",
      deepLinking: true,
      defaultModelsExpandDepth: 0,
      docExpansion: "none",
      validatorUrl: null,
    });
  });
