//! A browser without a window, driven through `chromedriver` (W3C WebDriver).

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const PATIENCE: Duration = Duration::from_secs(60);
const STEP: Duration = Duration::from_millis(20);
/// Key of an element in answers, by the standard.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

pub struct Browser {
    driver: Child,
    runtime: Runtime,
    client: reqwest::Client,
    session: String,
}

impl Browser {
    /// Starts one; both programs are needed.
    pub fn start() -> Self {
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut driver = driver.expect("chromedriver is missing (Debian: chromium-driver)");
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let port = port.expect("chromedriver does not say its port");
        let runtime = Runtime::new().unwrap();
        let session = format!("http://127.0.0.1:{port}/session");
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut browser = Self { driver, runtime, client, session };
        let arguments = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage"];
        let opened = browser.call(
            Method::POST,
            "",
            json!({ "capabilities": { "alwaysMatch": {
                "browserName": "chrome",
                "goog:chromeOptions": { "args": arguments },
                "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            } } }),
        );
        let id = opened["sessionId"].as_str().unwrap_or_else(|| panic!("{opened}")).to_owned();
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.session);
        let request = self.client.request(method, &url);
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = self.runtime.block_on(async { request.send().await?.bytes().await });
        let mut answer: Value = serde_json::from_slice(&answer.unwrap()).unwrap();
        let value = answer["value"].take();
        assert!(value.get("error").is_none(), "{url}: {value}");
        value
    }

    pub fn open(&self, url: &str) {
        self.call(Method::POST, "/url", json!({ "url": url }));
    }

    /// What a function body gives.
    pub fn run(&self, script: &str) -> Value {
        self.call(Method::POST, "/execute/sync", json!({ "script": script, "args": [] }))
    }

    /// The same as text.
    pub fn text(&self, script: &str) -> String {
        self.run(script).as_str().unwrap_or_default().to_owned()
    }

    /// Runs a function body until it gives something true.
    pub fn wait(&self, script: &str) {
        let end = Instant::now() + PATIENCE;
        while self.run(script) != json!(true) {
            assert!(
                Instant::now() < end,
                "{script}: {}",
                self.text("return document.body.innerText")
            );
            thread::sleep(STEP);
        }
    }

    /// Chooses a file where the page asks for one.
    pub fn choose(&self, selector: &str, file: &Path) {
        let query = json!({ "using": "css selector", "value": selector });
        let found = self.call(Method::POST, "/element", query);
        let element = found[ELEMENT].as_str().unwrap();
        let text = json!({ "text": file.to_str().unwrap() });
        self.call(Method::POST, &format!("/element/{element}/value"), text);
    }

    /// Sends a command of the browser's own tools.
    pub fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.call(Method::POST, "/goog/cdp/execute", body)
    }

    /// What was logged since it was asked last: `browser` or `performance`.
    pub fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.call(Method::POST, "/se/log", json!({ "type": kind }));
        entries.as_array().unwrap().clone()
    }

    /// Addresses that were asked for since the last time.
    pub fn requests(&self) -> Vec<String> {
        let messages = self.log("performance").into_iter().map(|entry| {
            let message = entry["message"].as_str().unwrap().to_owned();
            serde_json::from_str::<Value>(&message).unwrap()["message"].take()
        });
        let sent = messages.filter(|message| message["method"] == "Network.requestWillBeSent");
        sent.map(|it| it["params"]["request"]["url"].as_str().unwrap().to_owned()).collect()
    }

    /// A picture of the whole page, at a width.
    pub fn picture(&self, width: u32, dark: bool) -> Vec<u8> {
        let metrics =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": true });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics);
        let value = if dark { "dark" } else { "light" };
        let scheme = json!([{ "name": "prefers-color-scheme", "value": value }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": scheme }));
        let whole = json!({ "captureBeyondViewport": true, "optimizeForSpeed": true });
        let taken = self.devtools("Page.captureScreenshot", whole);
        STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let end = self.client.delete(&self.session).send();
        let _ended = self.runtime.block_on(end);
        let _gone = self.driver.kill();
        let _reaped = self.driver.wait();
    }
}
