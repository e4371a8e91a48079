import ContrailOTLP
import ContrailTelemetry
import HTTPTypes
import Testing

@Suite struct OTLPEnvironmentTests {
    @Test func nothingSetIsNothingSaid() {
        let none = OTLPEnvironment([:])
        #expect(none.warnings == [])
        #expect(none.serviceName == nil && none.tracesEndpoint == nil && none.tracesTimeout == nil && !none.isDisabled)
        #expect(OTLPEnvironment.defaultTracesEndpoint == "http://localhost:4318/v1/traces")
    }

    @Test(arguments: ["", " ", "\t "])
    func anEmptyVariableIsAnUnsetOne(value: String) {
        let names = [
            "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
            "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_SDK_DISABLED", "OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT",
            "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "OTEL_EXPORTER_OTLP_PROTOCOL",
        ]
        let environment = OTLPEnvironment(Dictionary(uniqueKeysWithValues: names.map { ($0, value) }))
        #expect(environment == OTLPEnvironment([:]))
    }

    // MARK: Resource

    @Test func attributesArePercentDecodedAndTheLastOfAKeyCounts() {
        let text = " a=1 , b%20c = x%2Cy%3D%C3%A9,a=2,,d=,e=k=v "
        let environment = OTLPEnvironment(["OTEL_RESOURCE_ATTRIBUTES": text])
        #expect(
            environment.resourceAttributes == [
                Telemetry.Attribute("b c", .string("x,y=é")), Telemetry.Attribute("a", .string("2")),
                Telemetry.Attribute("d", .string("")), Telemetry.Attribute("e", .string("k=v")),
            ])
        #expect(environment.warnings == [])
    }

    @Test(arguments: ["a=1,b", "=1", "a=%", "a=%4", "a=%zz", "a=%FF", "%FF=1", "a=1,,b=%"])
    func oneBadMemberDiscardsAllAttributes(text: String) {
        let environment = OTLPEnvironment(["OTEL_RESOURCE_ATTRIBUTES": text])
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
        let environment = OTLPEnvironment(variables)
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
        #expect(OTLPEnvironment(["OTEL_EXPORTER_OTLP_ENDPOINT": base]).tracesEndpoint == expected)
    }

    @Test(arguments: [
        ("http://c:4318", "http://c:4318/"), ("http://c:4318/", "http://c:4318/"), ("http://c/x", "http://c/x"),
        ("http://c/x/", "http://c/x/"), ("http://c?q=1", "http://c/?q=1"),
        ("https://c/v1/traces?q", "https://c/v1/traces?q"),
    ])
    func aSignalsOwnEndpointIsTakenAsItIs(url: String, expected: String) {
        let variables = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://other"]
        #expect(OTLPEnvironment(variables).tracesEndpoint == expected)
    }

    @Test(arguments: [
        "c:4318", "ftp://c", "http://", "http:///v1", "http://:80", "http://c d", "http://c/\n", "http://u:p@",
    ])
    func aBadEndpointIsIgnoredWithAWarningThatDoesNotShowIt(url: String) {
        let own = OTLPEnvironment([
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://b",
        ])
        #expect(own.tracesEndpoint == "http://b/v1/traces")
        #expect(own.warnings.count == 1)
        let base = OTLPEnvironment(["OTEL_EXPORTER_OTLP_ENDPOINT": url])
        #expect(base.tracesEndpoint == nil)
        #expect(base.warnings.count == 1)
        #expect(!base.warnings.joined().contains(url))
    }

    // MARK: Headers

    @Test func headersAreDecodedAndTheSignalsOwnReplaceTheGeneralOnes() throws {
        let key = try #require(HTTPField.Name("api-key"))
        let general = OTLPEnvironment(["OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b, Authorization = Basic%20eA=="])
        #expect(general.tracesHeaders[key] == "a b")
        #expect(general.tracesHeaders[.authorization] == "Basic eA==")
        let own = OTLPEnvironment([
            "OTEL_EXPORTER_OTLP_HEADERS": "a=1", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "api-key=2",
        ])
        #expect(own.tracesHeaders == [key: "2"])
    }

    @Test func aBadHeaderIsIgnoredWithAWarningThatShowsNoValue() throws {
        let environment = OTLPEnvironment([
            "OTEL_EXPORTER_OTLP_HEADERS": "a b=secret,ok=1,x=secret%0D%0Ay: secret,z=secret%"
        ])
        #expect(environment.tracesHeaders == [try #require(HTTPField.Name("ok")): "1"])
        #expect(environment.warnings.count == 3)
        #expect(!environment.warnings.joined().contains("secret"))
        let list = OTLPEnvironment(["OTEL_EXPORTER_OTLP_HEADERS": "secret"])
        #expect(list.tracesHeaders == [:])
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
        let environment = OTLPEnvironment(["OTEL_SDK_DISABLED": text])
        #expect(environment.isDisabled == isDisabled)
        #expect(environment.warnings.count == warnings)
    }

    @Test(arguments: [
        "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BSP_MAX_QUEUE_SIZE",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    ])
    func aBadNumberIsIgnoredWithAWarning(name: String) {
        for text in ["-1", "1.5", "ten", "1s", "99999999999999999999", "0x10"] {
            let environment = OTLPEnvironment([name: text])
            #expect(environment.warnings.count == 1, "\(text)")
            #expect(environment.warnings.first?.hasPrefix("\(name) ") == true)
            var without = environment
            without.warnings = []
            #expect(without == OTLPEnvironment([:]))
        }
    }

    @Test func durationsAreMilliseconds() {
        let environment = OTLPEnvironment([
            "OTEL_EXPORTER_OTLP_TIMEOUT": "10000", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "0",
            "OTEL_BSP_SCHEDULE_DELAY": "250", "OTEL_BSP_EXPORT_TIMEOUT": " 30000 ",
        ])
        #expect(environment.tracesTimeout == .zero)
        #expect(environment.batchDelay == .milliseconds(250))
        #expect(environment.batchExportTimeout == .seconds(30))
        #expect(OTLPEnvironment(["OTEL_EXPORTER_OTLP_TIMEOUT": "10000"]).tracesTimeout == .seconds(10))
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
        let environment = OTLPEnvironment(variables)
        #expect(environment.maxExportBatchSize == expected)
        #expect(environment.maxQueueSize == queue.flatMap { Int($0) })
        #expect(environment.warnings.count == warnings)
    }

    @Test(arguments: [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "HTTP/protobuf", 0), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", 1),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json", 1), ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", 1),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "none", 0), ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem", 1),
    ])
    func whatIsNotSupportedIsTold(name: String, value: String, warnings: Int) {
        #expect(OTLPEnvironment([name: value]).warnings.count == warnings)
    }
}
