// Every scalar operation of the derivative table: its gradient against differences
// of the function, and every entry made wrong in turn must be noticed.
// REQUIRES: numpy
// RUN: %python %root/test/oracle/gradient.py --mutants %s | FileCheck %s

// CHECK: 126 slopes agree
// CHECK: {{^([0-9]+) of \1 mutants are noticed$}}

module {
  arch.instance "" of "Probe" {
    arch.param "addf.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "addf.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "subf.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "subf.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "mulf.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "mulf.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "divf.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "divf.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "negf.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "negf.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "maximumf.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "maximumf.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "minimumf.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "minimumf.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "select.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "select.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "extf.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "extf.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "absf.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "absf.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "exp.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "exp.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "expm1.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "expm1.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "log.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "log.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "log1p.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "log1p.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "sqrt.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "sqrt.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "rsqrt.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "rsqrt.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "tanh.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "tanh.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "sin.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "sin.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "cos.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "cos.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "erf.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "erf.b" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "powf.a" : tensor<5xf32> init <normal, 0.0, 1.0>
    arch.param "powf.b" : tensor<5xf32> init <normal, 0.0, 1.0>
  }
  arch.func @loss() -> tensor<f32> attributes {component = "loss"} {
    %addf.a = arch.get "addf.a" : tensor<5xf32>
    %addf.b = arch.get "addf.b" : tensor<5xf32>
    %subf.a = arch.get "subf.a" : tensor<5xf32>
    %subf.b = arch.get "subf.b" : tensor<5xf32>
    %mulf.a = arch.get "mulf.a" : tensor<5xf32>
    %mulf.b = arch.get "mulf.b" : tensor<5xf32>
    %divf.a = arch.get "divf.a" : tensor<5xf32>
    %divf.b = arch.get "divf.b" : tensor<5xf32>
    %negf.a = arch.get "negf.a" : tensor<5xf32>
    %negf.b = arch.get "negf.b" : tensor<5xf32>
    %maximumf.a = arch.get "maximumf.a" : tensor<5xf32>
    %maximumf.b = arch.get "maximumf.b" : tensor<5xf32>
    %minimumf.a = arch.get "minimumf.a" : tensor<5xf32>
    %minimumf.b = arch.get "minimumf.b" : tensor<5xf32>
    %select.a = arch.get "select.a" : tensor<5xf32>
    %select.b = arch.get "select.b" : tensor<5xf32>
    %extf.a = arch.get "extf.a" : tensor<5xf32>
    %extf.b = arch.get "extf.b" : tensor<5xf32>
    %absf.a = arch.get "absf.a" : tensor<5xf32>
    %absf.b = arch.get "absf.b" : tensor<5xf32>
    %exp.a = arch.get "exp.a" : tensor<5xf32>
    %exp.b = arch.get "exp.b" : tensor<5xf32>
    %expm1.a = arch.get "expm1.a" : tensor<5xf32>
    %expm1.b = arch.get "expm1.b" : tensor<5xf32>
    %log.a = arch.get "log.a" : tensor<5xf32>
    %log.b = arch.get "log.b" : tensor<5xf32>
    %log1p.a = arch.get "log1p.a" : tensor<5xf32>
    %log1p.b = arch.get "log1p.b" : tensor<5xf32>
    %sqrt.a = arch.get "sqrt.a" : tensor<5xf32>
    %sqrt.b = arch.get "sqrt.b" : tensor<5xf32>
    %rsqrt.a = arch.get "rsqrt.a" : tensor<5xf32>
    %rsqrt.b = arch.get "rsqrt.b" : tensor<5xf32>
    %tanh.a = arch.get "tanh.a" : tensor<5xf32>
    %tanh.b = arch.get "tanh.b" : tensor<5xf32>
    %sin.a = arch.get "sin.a" : tensor<5xf32>
    %sin.b = arch.get "sin.b" : tensor<5xf32>
    %cos.a = arch.get "cos.a" : tensor<5xf32>
    %cos.b = arch.get "cos.b" : tensor<5xf32>
    %erf.a = arch.get "erf.a" : tensor<5xf32>
    %erf.b = arch.get "erf.b" : tensor<5xf32>
    %powf.a = arch.get "powf.a" : tensor<5xf32>
    %powf.b = arch.get "powf.b" : tensor<5xf32>
    %loss = arch.define : tensor<f32> {
      %addf = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %addf.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %addf.b[%i] : tensor<5xf32> -> f32
        %y = arith.addf %a, %b : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %subf = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %subf.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %subf.b[%i] : tensor<5xf32> -> f32
        %y = arith.subf %a, %b : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %mulf = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %mulf.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %mulf.b[%i] : tensor<5xf32> -> f32
        %y = arith.mulf %a, %b : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %divf = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %divf.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %divf.b[%i] : tensor<5xf32> -> f32
        %half = arith.constant 0.5 : f32
        %sq = arith.mulf %b, %b : f32
        %p = arith.addf %sq, %half : f32
        %y = arith.divf %a, %p : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %negf = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %negf.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %negf.b[%i] : tensor<5xf32> -> f32
        %y = arith.negf %a : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %maximumf = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %maximumf.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %maximumf.b[%i] : tensor<5xf32> -> f32
        %y = arith.maximumf %a, %b : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %minimumf = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %minimumf.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %minimumf.b[%i] : tensor<5xf32> -> f32
        %y = arith.minimumf %a, %b : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %select = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %select.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %select.b[%i] : tensor<5xf32> -> f32
        %c = arith.cmpf ogt, %a, %b : f32
        %a2 = arith.mulf %a, %a : f32
        %y = arith.select %c, %a2, %b : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %extf = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %extf.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %extf.b[%i] : tensor<5xf32> -> f32
        %w = arith.extf %a : f32 to f64
        %w2 = arith.mulf %w, %w : f64
        %y = arith.truncf %w2 : f64 to f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %absf = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %absf.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %absf.b[%i] : tensor<5xf32> -> f32
        %y = math.absf %a : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %exp = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %exp.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %exp.b[%i] : tensor<5xf32> -> f32
        %y = math.exp %a : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %expm1 = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %expm1.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %expm1.b[%i] : tensor<5xf32> -> f32
        %y = math.expm1 %a : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %log = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %log.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %log.b[%i] : tensor<5xf32> -> f32
        %half = arith.constant 0.5 : f32
        %sq = arith.mulf %a, %a : f32
        %p = arith.addf %sq, %half : f32
        %y = math.log %p : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %log1p = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %log1p.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %log1p.b[%i] : tensor<5xf32> -> f32
        %half = arith.constant 0.5 : f32
        %sq = arith.mulf %a, %a : f32
        %p = arith.addf %sq, %half : f32
        %y = math.log1p %p : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %sqrt = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %sqrt.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %sqrt.b[%i] : tensor<5xf32> -> f32
        %half = arith.constant 0.5 : f32
        %sq = arith.mulf %a, %a : f32
        %p = arith.addf %sq, %half : f32
        %y = math.sqrt %p : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %rsqrt = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %rsqrt.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %rsqrt.b[%i] : tensor<5xf32> -> f32
        %half = arith.constant 0.5 : f32
        %sq = arith.mulf %a, %a : f32
        %p = arith.addf %sq, %half : f32
        %y = math.rsqrt %p : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %tanh = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %tanh.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %tanh.b[%i] : tensor<5xf32> -> f32
        %y = math.tanh %a : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %sin = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %sin.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %sin.b[%i] : tensor<5xf32> -> f32
        %y = math.sin %a : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %cos = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %cos.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %cos.b[%i] : tensor<5xf32> -> f32
        %y = math.cos %a : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %erf = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %erf.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %erf.b[%i] : tensor<5xf32> -> f32
        %y = math.erf %a : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %powf = arch.reduce sum [5] : f32 {
      ^bb0(%i: index):
        %a = arch.read %powf.a[%i] : tensor<5xf32> -> f32
        %b = arch.read %powf.b[%i] : tensor<5xf32> -> f32
        %half = arith.constant 0.5 : f32
        %sq = arith.mulf %a, %a : f32
        %p = arith.addf %sq, %half : f32
        %y = math.powf %p, %b : f32
        %j = arith.index_cast %i : index to i64
        %f = arith.sitofp %j : i64 to f32
        %one = arith.constant 1.0 : f32
        %g = arith.addf %f, %one : f32
        %z = arith.mulf %y, %g : f32
        arch.yield %z : f32
      }
      %s0 = arith.addf %addf, %subf : f32
      %s1 = arith.addf %s0, %mulf : f32
      %s2 = arith.addf %s1, %divf : f32
      %s3 = arith.addf %s2, %negf : f32
      %s4 = arith.addf %s3, %maximumf : f32
      %s5 = arith.addf %s4, %minimumf : f32
      %s6 = arith.addf %s5, %select : f32
      %s7 = arith.addf %s6, %extf : f32
      %s8 = arith.addf %s7, %absf : f32
      %s9 = arith.addf %s8, %exp : f32
      %s10 = arith.addf %s9, %expm1 : f32
      %s11 = arith.addf %s10, %log : f32
      %s12 = arith.addf %s11, %log1p : f32
      %s13 = arith.addf %s12, %sqrt : f32
      %s14 = arith.addf %s13, %rsqrt : f32
      %s15 = arith.addf %s14, %tanh : f32
      %s16 = arith.addf %s15, %sin : f32
      %s17 = arith.addf %s16, %cos : f32
      %s18 = arith.addf %s17, %erf : f32
      %s19 = arith.addf %s18, %powf : f32
      arch.yield %s19 : f32
    }
    arch.return %loss : tensor<f32>
  }
  arch.train "Probe" attributes {step = @loss, data = {}, batch = 1 : i64, steps = 1 : i64, evaluate_every = 1 : i64, seed = 0 : i64} {
  }
}
