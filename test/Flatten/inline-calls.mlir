// RUN: ogee-opt --ogee-inline-calls --split-input-file --verify-diagnostics %s | FileCheck %s

// A table passed to another instance, state, draws of one name, losses and metrics.
arch.instance "" of "Net" {
  arch.param "table" : tensor<4xf32> init <normal, 0.0, 1.0> {role = "embedding"}
  arch.instance "blocks" of "list" {
    arch.instance "0" of "Block" {
      arch.param "weight" : tensor<4xf32> init <constant, 1.0, 0.0>
      arch.state "last" : tensor<4xf32> init <constant, 0.0, 0.0>
    }
  }
}
arch.instance "optimizer" of "optimizer" {
  arch.instance "table" of "Momentum" {
    arch.state "buffer" : tensor<4xf32> init <constant, 0.0, 0.0>
  }
}
arch.func @block(%x: tensor<4xf32>) -> tensor<4xf32> attributes {component = "Block"} {
  %w = arch.get "weight" : tensor<4xf32>
  %t = arch.get "/table" : tensor<4xf32>
  %k = arch.call @keep at ""() : () -> tensor<4xi1>
  %l = arch.call @keep at ""() : () -> tensor<4xi1>
  %y = arch.define : tensor<4xf32> {
  ^bb0(%i: index):
    %0 = arch.read %w[%i] : tensor<4xf32> -> f32
    %1 = arch.read %t[%i] : tensor<4xf32> -> f32
    %2 = arith.mulf %0, %1 : f32
    arch.yield %2 : f32
  }
  arch.set "last", %y : tensor<4xf32>
  arch.record "metric" "size", %y : tensor<4xf32>
  %penalty = arith.constant 0.25 : f32
  arch.record "loss" "penalty", %penalty : f32
  arch.return %y : tensor<4xf32>
}
arch.func @keep() -> tensor<4xi1> attributes {component = "keep"} {
  %k = arch.draw "keep" bernoulli (0.9, 0.0) : tensor<4xi1>
  arch.return %k : tensor<4xi1>
}
arch.func @loss(%x: tensor<4xf32> {nn.name = "image"}) -> f32 attributes {component = "loss"} {
  %0 = arch.call @block at "blocks.0"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = arith.constant 1.0 : f32
  arch.return %1 : f32
}
arch.func @sample(%x: tensor<4xf32> {nn.name = "image"}) -> tensor<4xf32> attributes {component = "sample"} {
  %t = arch.get "table" : tensor<4xf32>
  arch.return %t : tensor<4xf32>
}
arch.func @momentum(%w: tensor<4xf32>, %g: tensor<4xf32>) -> tensor<4xf32> attributes {component = "Momentum"} {
  %b = arch.get "buffer" : tensor<4xf32>
  arch.set "buffer", %g : tensor<4xf32>
  arch.return %b : tensor<4xf32>
}
arch.func @rate() -> f64 attributes {component = "rate"} {
  %0 = arith.constant 0.1 : f64
  arch.return %0 : f64
}
arch.train "Net" attributes {step = @loss, sample = @sample, data = {kind = "arrays"}, batch = 1 : i64, steps = 7 : i64, evaluate_every = 0 : i64, seed = 3 : i64, clip = 1.0 : f64} {
  arch.optimize "table" by @momentum at "optimizer.table" rate @rate
}

// CHECK: module attributes {nn.train = {batch = 1 : i64, clip = 1.000000e+00 : f64, data = {kind = "arrays"}, evaluate_every = 0 : i64, model = "Net", precision = f32, seed = 3 : i64, steps = 7 : i64}}
// CHECK-LABEL: func.func @forward
// CHECK-SAME: %[[TABLE:arg[0-9]+]]: tensor<4xf32> {nn.class = "param", nn.init = #nn.init<normal, {{.*}}>, nn.path = "table", nn.role = "embedding"}
// CHECK-SAME: %[[W:arg[0-9]+]]: tensor<4xf32> {nn.class = "param", {{.*}}nn.path = "blocks.0.weight"
// CHECK-SAME: tensor<4xf32> {nn.class = "state", {{.*}}nn.path = "blocks.0.last"
// CHECK-SAME: tensor<4xf32> {nn.class = "data", nn.name = "image"}
// CHECK-SAME: tensor<i64> {nn.class = "scalar", nn.name = "step"}
// CHECK-SAME: -> (tensor<f32> {nn.name = "loss"}, tensor<4xf32> {nn.name = "blocks.0.size"}, tensor<f32> {nn.name = "blocks.0.penalty"}, tensor<4xf32> {nn.updates = "blocks.0.last"})
// CHECK: nn.random {{.*}} "blocks.0.keep",
// CHECK: nn.random {{.*}} "blocks.0.keep@1",
// CHECK: %[[Y:.*]] = arch.define
// CHECK: arch.read %[[W]]
// CHECK: arch.read %[[TABLE]]
// CHECK: %[[SUM:.*]] = arith.addf
// CHECK: %[[LOSS:.*]] = tensor.from_elements %[[SUM]]
// CHECK: %[[PENALTY:.*]] = tensor.from_elements
// CHECK: return %[[LOSS]], %[[Y]], %[[PENALTY]], %[[Y]]

// CHECK-LABEL: func.func @sample
// CHECK-SAME: -> (tensor<4xf32> {nn.name = "logits"})

// CHECK-LABEL: func.func @update
// CHECK-SAME: %[[G:arg[0-9]+]]: tensor<4xf32> {nn.class = "gradient", nn.path = "table"}
// CHECK-SAME: %[[BUFFER:arg[0-9]+]]: tensor<4xf32> {nn.class = "moment", {{.*}}nn.path = "optimizer.table.buffer"
// CHECK-SAME: -> (tensor<f64> {nn.name = "rate"}, tensor<4xf32> {nn.updates = "table"}, tensor<4xf32> {nn.updates = "optimizer.table.buffer"})
// CHECK: return %{{.*}}, %[[BUFFER]], %[[G]]
// CHECK-NOT: arch.func

// -----

// expected-error @+1 {{nothing to train}}
module {}

// -----

arch.instance "" of "Net" {}
arch.func @loss() -> f32 attributes {component = "loss"} {
  // expected-error @+1 {{no tensor `weight`}}
  %w = arch.get "weight" : tensor<4xf32>
  %1 = arith.constant 1.0 : f32
  arch.return %1 : f32
}
arch.train "Net" attributes {step = @loss, data = {}, batch = 1 : i64, steps = 7 : i64, evaluate_every = 0 : i64, seed = 3 : i64} {
}

// -----

arch.func @loss() -> f32 attributes {component = "loss"} {
  // expected-error @+1 {{@loss calls itself}}
  %0 = arch.call @loss at ""() : () -> f32
  arch.return %0 : f32
}
arch.train "Net" attributes {step = @loss, data = {}, batch = 1 : i64, steps = 7 : i64, evaluate_every = 0 : i64, seed = 3 : i64} {
}

// -----

arch.func @loss() -> f32 attributes {component = "loss"} {
  %0 = arith.constant 1.0 : f32
  arch.return %0 : f32
}
arch.train "Net" attributes {step = @loss, data = {}, batch = 1 : i64, steps = 7 : i64, evaluate_every = 0 : i64, seed = 3 : i64} {
  // expected-error @+1 {{no parameter "weight"}}
  arch.optimize "weight" by @loss at "optimizer.weight"
}
