import ContrailOTLP
import ContrailTelemetry
import ContrailTesting
import HTTPTypes
import Testing

@Suite struct TelemetryEnvironmentTests {
    @Test func nothingSetIsNothingSaid() {
        let none = TelemetryEnvironment([:])
        #expect(none.warnings == [])
        #expect(
            none.serviceName == nil && none.otlp.endpoint == nil && none.otlp.timeout == nil && none.isDisabled == nil)
        #expect(OTLPOptions.defaultEndpoint(.traces) == "http://localhost:4318/v1/traces")
    }

    @Test(arguments: ["", " ", "\t "])
    func anEmptyVariableIsAnUnsetOne(value: String) {
        let names = [
            "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
            "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_SDK_DISABLED", "OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT",
            "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "OTEL_EXPORTER_OTLP_PROTOCOL",
        ]
        let environment = TelemetryEnvironment(Dictionary(uniqueKeysWithValues: names.map { ($0, value) }))
        #expect(environment == TelemetryEnvironment([:]))
    }

    // MARK: Resource

    @Test func attributesArePercentDecodedAndTheLastOfAKeyCounts() {
        let text = " a=1 , b%20c = x%2Cy%3D%C3%A9,a=2,,d=,e=k=v "
        let environment = TelemetryEnvironment(["OTEL_RESOURCE_ATTRIBUTES": text])
        #expect(
            environment.resourceAttributes == [
                Telemetry.Attribute("b c", .string("x,y=é")), Telemetry.Attribute("a", .string("2")),
                Telemetry.Attribute("d", .string("")), Telemetry.Attribute("e", .string("k=v")),
            ])
        #expect(environment.warnings == [])
    }

    @Test(arguments: ["a=1,b", "=1", "a=%", "a=%4", "a=%zz", "a=%FF", "%FF=1", "a=1,,b=%"])
    func oneBadMemberDiscardsAllAttributes(text: String) {
        let environment = TelemetryEnvironment(["OTEL_RESOURCE_ATTRIBUTES": text])
        #expect(environment.resourceAttributes == [])
        #expect(environment.warnings.count == 1)
        #expect(environment.warnings.first?.hasPrefix("OTEL_RESOURCE_ATTRIBUTES ") == true)
    }

    @Test(
        arguments: [
            ("one", "service.name=two", "one"), (nil, "service.name=two", "two"), (nil, "a=1", nil),
            (nil, "service.name=", nil),
        ] as [(String?, String, String?)])
    func theServiceNameOfItsOwnVariableWins(own: String?, attributes: String, expected: String?) {
        var variables = ["OTEL_RESOURCE_ATTRIBUTES": attributes]
        variables["OTEL_SERVICE_NAME"] = own
        let environment = TelemetryEnvironment(variables)
        #expect(environment.serviceName == expected)
        #expect(!environment.resourceAttributes.contains { $0.key == "service.name" })
    }

    // MARK: Endpoint

    @Test(arguments: [
        ("http://c:4318", "http://c:4318/v1/traces"), ("http://c:4318/", "http://c:4318/v1/traces"),
        ("https://c/mycollector", "https://c/mycollector/v1/traces"), ("https://c/my//", "https://c/my/v1/traces"),
        ("HTTP://c", "HTTP://c/v1/traces"), ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
        ("http://c/p?x=1#f", "http://c/p/v1/traces"), ("http://u:p@c", "http://u:p@c/v1/traces"),
    ])
    func aBaseEndpointGetsThePathOfTheSignal(base: String, expected: String) {
        #expect(TelemetryEnvironment(["OTEL_EXPORTER_OTLP_ENDPOINT": base]).otlp.endpoint == expected)
    }

    @Test(arguments: [
        ("http://c:4318", "http://c:4318/"), ("http://c:4318/", "http://c:4318/"), ("http://c/x", "http://c/x"),
        ("http://c/x/", "http://c/x/"), ("http://c?q=1", "http://c/?q=1"),
        ("https://c/v1/traces?q", "https://c/v1/traces?q"),
    ])
    func aSignalsOwnEndpointIsTakenAsItIs(url: String, expected: String) {
        let variables = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://other"]
        #expect(TelemetryEnvironment(variables).otlp.endpoint == expected)
    }

    @Test(arguments: [
        "c:4318", "ftp://c", "http://", "http:///v1", "http://:80", "http://c d", "http://c/\n", "http://u:p@",
    ])
    func aBadEndpointIsIgnoredWithAWarningThatDoesNotShowIt(url: String) {
        let own = TelemetryEnvironment([
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://b",
        ])
        #expect(own.otlp.endpoint == "http://b/v1/traces")
        #expect(own.warnings.count == 1)
        let base = TelemetryEnvironment(["OTEL_EXPORTER_OTLP_ENDPOINT": url])
        #expect(base.otlp.endpoint == nil)
        #expect(base.warnings.count == 1)
        #expect(!base.warnings.joined().contains(url))
    }

    // MARK: Headers

    @Test func headersAreDecodedAndTheSignalsOwnReplaceTheGeneralOnes() throws {
        let key = try #require(HTTPField.Name("api-key"))
        let general = TelemetryEnvironment(["OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b, Authorization = Basic%20eA=="]
        )
        #expect(general.otlp.headers[key] == "a b")
        #expect(general.otlp.headers[.authorization] == "Basic eA==")
        let own = TelemetryEnvironment([
            "OTEL_EXPORTER_OTLP_HEADERS": "a=1", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "api-key=2",
        ])
        #expect(own.otlp.headers == [key: "2"])
    }

    @Test func aBadHeaderIsIgnoredWithAWarningThatShowsNoValue() throws {
        let environment = TelemetryEnvironment([
            "OTEL_EXPORTER_OTLP_HEADERS": "a b=secret,ok=1,x=secret%0D%0Ay: secret,z=secret%"
        ])
        #expect(environment.otlp.headers == [try #require(HTTPField.Name("ok")): "1"])
        #expect(environment.warnings.count == 3)
        #expect(!environment.warnings.joined().contains("secret"))
        let list = TelemetryEnvironment(["OTEL_EXPORTER_OTLP_HEADERS": "secret"])
        #expect(list.otlp.headers == [:])
        #expect(
            list.warnings == [
                "OTEL_EXPORTER_OTLP_HEADERS is not a list of key=value: member 1 has no '='; all of it is ignored"
            ])
    }

    // MARK: Numbers and flags

    @Test(arguments: [
        ("true", true, 0), ("TRUE", true, 0), ("True ", true, 0), ("false", false, 0), ("False", false, 0),
        ("1", false, 1),
        ("yes", false, 1),
    ])
    func onlyTrueIsTrue(text: String, isDisabled: Bool, warnings: Int) {
        let environment = TelemetryEnvironment(["OTEL_SDK_DISABLED": text])
        #expect(environment.isDisabled == isDisabled)
        #expect(environment.warnings.count == warnings)
    }

    @Test(arguments: [
        "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BSP_MAX_QUEUE_SIZE",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    ])
    func aBadNumberIsIgnoredWithAWarning(name: String) {
        for text in ["-1", "1.5", "ten", "1s", "99999999999999999999", "0x10"] {
            let environment = TelemetryEnvironment([name: text])
            #expect(environment.warnings.count == 1, "\(text)")
            #expect(environment.warnings.first?.hasPrefix("\(name) ") == true)
            var without = environment
            without.warnings = []
            #expect(without == TelemetryEnvironment([:]))
        }
    }

    @Test func durationsAreMilliseconds() {
        let environment = TelemetryEnvironment([
            "OTEL_EXPORTER_OTLP_TIMEOUT": "10000", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "0",
            "OTEL_BSP_SCHEDULE_DELAY": "250", "OTEL_BSP_EXPORT_TIMEOUT": " 30000 ",
        ])
        #expect(environment.otlp.timeout == .zero)
        #expect(environment.batching.delay == .milliseconds(250))
        #expect(environment.batching.exportTimeout == .seconds(30))
        #expect(TelemetryEnvironment(["OTEL_EXPORTER_OTLP_TIMEOUT": "10000"]).otlp.timeout == .seconds(10))
    }

    @Test(
        arguments: [
            (nil, "512", 512, 0), (nil, "16384", 16384, 0), (nil, "16385", nil, 1), ("10", "10", 10, 0),
            ("10", "11", nil, 1),
            (nil, "0", nil, 1),
        ] as [(String?, String, Int?, Int)])
    func aBatchIsNotLargerThanTheQueue(queue: String?, batch: String, expected: Int?, warnings: Int) {
        var variables = ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE": batch]
        variables["OTEL_BSP_MAX_QUEUE_SIZE"] = queue
        let environment = TelemetryEnvironment(variables)
        #expect(environment.batching.maxBatchSize == expected)
        #expect(environment.batching.maxQueueSize == queue.flatMap { Int($0) })
        #expect(environment.warnings.count == warnings)
    }

    @Test(arguments: [("2147483647", 0), ("2147483648", 1), ("9223372036854775807", 1)])
    func noNumberIsTooLargeToWorkWith(text: String, warnings: Int) {
        for name in ["OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_EXPORTER_OTLP_TIMEOUT"] {
            #expect(TelemetryEnvironment([name: text]).warnings.count == warnings)
        }
    }

    // MARK: Choices

    @Test(arguments: [
        ("http/protobuf", OTLP.Encoding.protobuf, 0), ("HTTP/JSON", .json, 0), ("grpc", nil, 1), ("", nil, 0),
    ])
    func theProtocolIsOneThatIsSpoken(text: String, encoding: OTLP.Encoding?, warnings: Int) {
        let environment = TelemetryEnvironment(["OTEL_EXPORTER_OTLP_PROTOCOL": text])
        #expect(environment.otlp.encoding == encoding)
        #expect(environment.warnings.count == warnings)
    }

    @Test(arguments: [("gzip", OTLPOptions.Compression.gzip, 0), ("NONE", .some(.none), 0), ("br", nil, 1)])
    func compressionIsGzipOrNone(text: String, compression: OTLPOptions.Compression?, warnings: Int) {
        let environment = TelemetryEnvironment(["OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": text])
        #expect(environment.otlp.compression == compression)
        #expect(environment.warnings.count == warnings)
    }

    @Test func everyOptionOfTheExporterHasAFormOfTheSignalsOwn() {
        let options = [
            "ENDPOINT": ("http://own/x", "http://all"), "HEADERS": ("a=own", "a=all"), "TIMEOUT": ("1", "2"),
            "COMPRESSION": ("gzip", "none"), "PROTOCOL": ("http/json", "http/protobuf"),
            "CERTIFICATE": ("/own", "/all"), "CLIENT_KEY": ("/own", "/all"), "CLIENT_CERTIFICATE": ("/own", "/all"),
        ]
        for (option, (own, all)) in options {
            let alone = TelemetryEnvironment(["OTEL_EXPORTER_OTLP_TRACES_\(option)": own]).otlp
            let general = TelemetryEnvironment(["OTEL_EXPORTER_OTLP_\(option)": all]).otlp
            let both = TelemetryEnvironment([
                "OTEL_EXPORTER_OTLP_TRACES_\(option)": own, "OTEL_EXPORTER_OTLP_\(option)": all,
            ]).otlp
            #expect(both == alone, "\(option)")
            #expect(general != alone && general != OTLPOptions(), "\(option)")
            #expect(TelemetryEnvironment(["OTEL_EXPORTER_OTLP_METRICS_\(option)": own]).otlp == OTLPOptions())
        }
    }

    @Test(
        arguments: [
            ("tracecontext,baggage", [.traceContext, .baggage], 0), (" B3 , b3multi,B3,", [.b3, .b3Multi], 0),
            ("none", [], 0), ("jaeger,xray", [.jaeger], 1), ("xray", nil, 1), ("none,b3", [.b3], 1), (",", nil, 0),
        ] as [(String, [TelemetryEnvironment.Propagator]?, Int)])
    func propagatorsAreAListWithoutRepetition(
        text: String, expected: [TelemetryEnvironment.Propagator]?, warnings: Int
    ) {
        let environment = TelemetryEnvironment(["OTEL_PROPAGATORS": text])
        #expect(environment.propagators == expected)
        #expect(environment.warnings.count == warnings)
    }

    @Test(
        arguments: [
            ("otlp", [.otlp], 0), ("console,otlp", [.console, .otlp], 0), ("none", [], 0), ("zipkin", nil, 1),
            ("logging", nil, 1),
        ] as [(String, [TelemetryEnvironment.Exporter]?, Int)])
    func exportersAreAList(text: String, expected: [TelemetryEnvironment.Exporter]?, warnings: Int) {
        let environment = TelemetryEnvironment(["OTEL_TRACES_EXPORTER": text])
        #expect(environment.exporters == expected)
        #expect(environment.warnings.count == warnings)
    }

    @Test(arguments: [("error", TelemetryEnvironment.LogLevel.error, 0), ("WARN", .warn, 0), ("loud", nil, 1)])
    func theLogLevelIsOneOfSix(text: String, expected: TelemetryEnvironment.LogLevel?, warnings: Int) {
        let environment = TelemetryEnvironment(["OTEL_LOG_LEVEL": text])
        #expect(environment.logLevel == expected)
        #expect(environment.warnings.count == warnings)
    }

    // MARK: Tracing

    @Test(
        arguments: [
            ("always_on", nil, .alwaysOn, 0), ("ALWAYS_OFF", nil, .alwaysOff, 0),
            ("traceidratio", "0.25", .ratio(0.25), 0),
            ("traceidratio", nil, .ratio(1), 0), ("traceidratio", "1.5", .ratio(1), 1),
            ("traceidratio", "-0.1", .ratio(1), 1), ("traceidratio", "nan", .ratio(1), 1),
            ("traceidratio", "half", .ratio(1), 1), ("traceidratio", "0", .ratio(0), 0),
            ("parentbased_always_on", "0.5", .parentBased(.alwaysOn), 0),
            ("parentbased_always_off", nil, .parentBased(.alwaysOff), 0),
            ("parentbased_traceidratio", "1e-3", .parentBased(.ratio(0.001)), 0),
            ("jaeger_remote", nil, nil, 1), (nil, "0.5", nil, 0), ("", "x", nil, 0),
        ] as [(String?, String?, TelemetryEnvironment.Sampler?, Int)])
    func samplersAreReadWithTheirArgument(
        name: String?, argument: String?, expected: TelemetryEnvironment.Sampler?, warnings: Int
    ) {
        var variables: [String: String] = [:]
        variables["OTEL_TRACES_SAMPLER"] = name
        variables["OTEL_TRACES_SAMPLER_ARG"] = argument
        let environment = TelemetryEnvironment(variables)
        #expect(environment.sampler == expected)
        #expect(environment.warnings.count == warnings)
    }

    @Test func eachLimitHasItsVariable() {
        let variables: [String: (inout Telemetry.SpanLimits, Int) -> Void] = [
            "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": { $0.attributes = $1 },
            "OTEL_ATTRIBUTE_COUNT_LIMIT": { $0.attributes = $1 },
            "OTEL_SPAN_EVENT_COUNT_LIMIT": { $0.events = $1 }, "OTEL_SPAN_LINK_COUNT_LIMIT": { $0.links = $1 },
            "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT": { $0.attributesPerEvent = $1 },
            "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT": { $0.attributesPerLink = $1 },
        ]
        for (name, set) in variables {
            for value in [0, 7] {
                var expected = Telemetry.SpanLimits()
                set(&expected, value)
                #expect(TelemetryEnvironment([name: "\(value)"]).limits == expected, "\(name)")
            }
            let bad = TelemetryEnvironment([name: "-1"])
            #expect(bad.limits == nil && bad.warnings.count == 1, "\(name)")
        }
    }

    @Test func whatIsSaidOfSpansStandsBeforeWhatIsSaidOfAll() {
        let limits = TelemetryEnvironment([
            "OTEL_ATTRIBUTE_COUNT_LIMIT": "1", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "2",
            "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "3", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT": "4",
        ]).limits
        #expect(limits?.attributes == 2 && limits?.attributeValueLength == 4)
        #expect(TelemetryEnvironment(["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "3"]).limits?.attributeValueLength == 3)
    }

    @Test func whatIsNotSupportedIsTold() {
        #expect(TelemetryEnvironment(["OTEL_CONFIG_FILE": "/x.yaml"]).warnings.count == 1)
    }

    @Test func warningsStayOnOneLine() {
        let environment = TelemetryEnvironment([
            "OTEL_BSP_SCHEDULE_DELAY": "a\nb\u{1B}[31m" + String(repeating: "x", count: 90)
        ])
        #expect(environment.warnings.first?.contains { $0.isNewline || $0 == "\u{1B}" } == false)
        #expect((environment.warnings.first?.count ?? 0) < 160)
    }

    // MARK: Hostile input

    @Test(.timeLimit(.minutes(1)))
    func whateverIsSetNothingTraps() {
        let random = SeededRandom(seed: 3)
        let pieces = [
            "", " ", ",", "=", "%", "%4", "%zz", "http://", "https://[::1", "://", "@", "-1", "9223372036854775808",
            "1e999",
            "nan", "none", "gzip", "grpc", "always_on", "\u{0}", "\n", "é", "\u{10FFFF}", "a=b", "a=%20", "#", "?",
        ]
        var warned = 0
        for _ in 0..<3_000 {
            var variables: [String: String] = [:]
            for name in Self.names where random.oneIn(3) {
                variables[name] = (0..<random.below(6)).map { _ in pieces[random.below(pieces.count)] }.joined()
            }
            let environment = TelemetryEnvironment(variables)
            warned += environment.warnings.isEmpty ? 0 : 1
        }
        #expect(warned > 1_000)
    }

    private static let names = [
        "OTEL_SDK_DISABLED", "OTEL_LOG_LEVEL", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_PROPAGATORS",
        "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG", "OTEL_TRACES_EXPORTER", "OTEL_BSP_SCHEDULE_DELAY",
        "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS",
        "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_COMPRESSION",
    ]
}
