// func, return, call, get, set, run_time, record, draw, stop_gradient.
// RUN: ogee-opt --split-input-file --verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: arch.func @drop(%arg0: tensor<4xf32>) -> tensor<4xf32>
arch.func @drop(%x: tensor<4xf32>) -> tensor<4xf32> attributes {component = "drop"} {
  // CHECK: arch.get "weight" : tensor<4xf32>
  %w = arch.get "weight" : tensor<4xf32>
  // CHECK: arch.draw "keep" bernoulli(9.000000e-01, 0.000000e+00) : tensor<4xi1>
  %k = arch.draw "keep" bernoulli (0.9, 0.0) : tensor<4xi1>
  // CHECK: arch.stop_gradient %{{.*}} : tensor<4xf32> -> tensor<4xf32>
  %s = arch.stop_gradient %w : tensor<4xf32> -> tensor<4xf32>
  // CHECK: arch.set "last", %{{.*}} : tensor<4xf32>
  arch.set "last", %x : tensor<4xf32>
  // CHECK: arch.run_time "step"
  %step = arch.run_time "step"
  // CHECK: arch.record "metric" "size", %{{.*}} : tensor<4xf32>
  arch.record "metric" "size", %x : tensor<4xf32>
  // CHECK: arch.return %{{.*}} : tensor<4xf32>
  arch.return %x : tensor<4xf32>
}
// CHECK-LABEL: arch.func @net
arch.func @net(%x: tensor<4xf32>) -> tensor<4xf32> attributes {component = "net"} {
  // CHECK: arch.call @drop at "blocks.3"(%{{.*}}) : (tensor<4xf32>) -> tensor<4xf32>
  %0 = arch.call @drop at "blocks.3"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  arch.return %0 : tensor<4xf32>
}

// -----

arch.func @result(%x: tensor<4xf32>) -> tensor<3xf32> attributes {component = "f"} {
  // expected-error @+1 {{returns other types than its function declares}}
  arch.return %x : tensor<4xf32>
}

// -----

arch.func @unknown(%x: tensor<4xf32>) attributes {component = "f"} {
  // expected-error @+1 {{no function @g}}
  %0 = arch.call @g at ""(%x) : (tensor<4xf32>) -> tensor<4xf32>
  arch.return
}

// -----

arch.func @g(%x: tensor<4xf32>) -> tensor<4xf32> attributes {component = "g"} {
  arch.return %x : tensor<4xf32>
}
arch.func @types(%x: tensor<3xf32>) attributes {component = "f"} {
  // expected-error @+1 {{types differ from those of @g}}
  %0 = arch.call @g at ""(%x) : (tensor<3xf32>) -> tensor<4xf32>
  arch.return
}

// -----

arch.func @scalar() attributes {component = "f"} {
  // expected-error @+1 {{no run-time scalar `batch`}}
  %0 = arch.run_time "batch"
  arch.return
}
